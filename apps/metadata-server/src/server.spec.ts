/**
 * The whole service, twice, over topics in memory and a real PostgreSQL.
 */
import {
  COMMANDS_TOPIC,
  DEAD_LETTERS_TOPIC,
  encode,
  EXPERIMENTS_TOPIC,
  type Message,
  parsePosition,
} from '@tidemark/contracts';
import { FACTS, FILE, ID, UP_TO_RUNNING } from './testing/stories.js';
import {
  postgres,
  log,
  clientTopics,
  requests,
  replicas,
  startReplica,
  stopReplica,
  until,
  allReady,
  command,
  query,
  resultOf,
  codeOf,
  register,
  upload,
  create,
  idOf,
  recordsOf,
  typesOf,
  freshHash,
  untilAllEqual,
  publishFacts,
  openWorld,
  closeWorld,
} from './testing/world.js';

beforeAll(openWorld, 120_000);
afterAll(closeWorld, 60_000);

describe('two Metadata Servers', () => {
  it('register applications and files', async () => {
    expect(codeOf(await create(idOf('early')))).toBe('validation');
    expect(resultOf(await register())).toEqual({
      kind: 'application',
      name: 'word-count',
      version: '1',
      repeated: false,
    });
    expect(resultOf(await register())).toMatchObject({ repeated: true });
    expect(codeOf(await register({ description: 'changed' }))).toBe('version-exists');
    expect(resultOf(await upload())).toEqual({ kind: 'data-product', id: FILE.id, repeated: false });
    const second = await register({ version: '2' });
    const applications = await query('ListApplications', { position: second.position });
    expect(applications.items.map(({ name, version, versions }) => [name, version, versions])).toEqual([
      ['word-count', '2', ['1', '2']],
    ]);
    expect(await query('GetApplication', { name: 'word-count', version: '1' })).toMatchObject({
      latest: false,
    });
    expect(await query('GetApplication', { name: 'word-count', version: '3' })).toBeNull();
    expect(await query('GetDataProduct', { id: FILE.id })).toMatchObject({ name: 'README.md', bytes: 1234 });
  });

  it('take an experiment from request to end, and tell of it at once', async () => {
    const reply = await create(ID);
    expect(resultOf(reply)).toEqual({ kind: 'experiment', id: ID, status: 'LAUNCHED', repeated: false });
    expect(parsePosition(reply.position)?.size).toBe(1);
    const view = await query('GetExperiment', { experimentId: ID, position: reply.position });
    expect(view).toMatchObject({
      id: ID,
      status: 'LAUNCHED',
      application: { name: 'word-count', version: '2' },
    });
    expect(resultOf(await create(ID))).toMatchObject({ id: ID, repeated: true });
    expect(codeOf(await create(ID, { bodyHash: 'b'.repeat(64) }))).toBe('idempotency-key-reused');

    await publishFacts([...UP_TO_RUNNING, FACTS.exited(0)]);
    await until(
      async () => (await query('GetExperiment', { experimentId: ID }))?.status === 'EXECUTING',
      'EXECUTING',
    );
    await publishFacts([FACTS.processCompleted]);
    const ended = await until(async () => {
      const found = await query('GetExperiment', { experimentId: ID });
      return found?.status === 'COMPLETED' && found;
    }, 'COMPLETED');
    expect(ended).toMatchObject({ exitCode: 0, reasonCode: 'OK', processes: [{ status: 'COMPLETED' }] });
    const events = await query('ListEvents', { experimentId: ID });
    expect(events?.items.map(({ type }) => type)).toEqual(typesOf(ID));
    expect(events?.items.every(({ applied }) => applied)).toBe(true);
    expect(typesOf(ID).filter((type) => type === 'ExperimentCompleted')).toHaveLength(1);
    const fromOffset = Number(events?.items[1]?.position.split('@')[1]);
    const page = await query('ListEvents', { experimentId: ID, limit: 2, fromOffset });
    expect(page?.items.map(({ type }) => type)).toEqual(typesOf(ID).slice(1, 3));
    expect(page?.more).toBe(true);
    expect(codeOf(await command('CancelExperiment', ID, { experimentId: ID }))).toBe('already-terminal');
  });

  it('list with cursors, filters and search', async () => {
    for (let index = 0; index < 5; index += 1) await create(idOf(`list-${index}`), { name: `List ${index}` });
    const last = await create(idOf('list-5'), { name: 'LIST 5 %_' });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await query('ListExperiments', {
        position: last.position,
        q: 'list',
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(['LIST 5 %_', 'List 0', 'List 1', 'List 2', 'List 3', 'List 4']);
    expect((await query('ListExperiments', { status: 'COMPLETED' })).items.map(({ id }) => id)).toEqual([ID]);
    expect((await query('ListExperiments', { q: '%' })).items).toHaveLength(1);
    expect((await query('ListExperiments', { application: 'nothing' })).items).toEqual([]);
    await expect(query('ListExperiments', { cursor: 'rubbish' })).rejects.toThrow('malformed');
    await expect(query('GetExperiment', { experimentId: ID, position: 'rubbish' })).rejects.toThrow(
      'malformed',
    );
    expect(await query('GetExperiment', { experimentId: idOf('nobody') })).toBeNull();
    expect(await query('ListEvents', { experimentId: idOf('nobody') })).toBeNull();
  });

  it('cancel what is not yet running', async () => {
    const id = idOf('cancel');
    await create(id);
    expect(resultOf(await command('CancelExperiment', id, { experimentId: id, reason: 'no' }))).toMatchObject(
      {
        status: 'CANCELING',
        repeated: false,
      },
    );
    await until(
      async () => (await query('GetExperiment', { experimentId: id }))?.status === 'CANCELED',
      'CANCELED',
    );
    expect(typesOf(id).at(-1)).toBe('ExperimentCanceled');
  });

  it('send rubbish to the dead letters, answer it, and go on', async () => {
    const before = log.end(DEAD_LETTERS_TOPIC, 0);
    expect(before).toBeGreaterThanOrEqual(0);
    const id = idOf('rubbish');
    await clientTopics.publish(COMMANDS_TOPIC, [
      { key: id, value: 'rubbish' },
      { key: id, value: null },
      { key: null, value: '{}', headers: { type: 'CreateExperiment' }, partition: 0 },
      { key: id, value: '{}', headers: { ...encode(FACTS.accepted.message).headers } },
    ]);
    const outcome = await requests.request({
      topic: COMMANDS_TOPIC,
      key: id,
      value: '{"rubbish"',
      deadlineMs: 20_000,
    });
    expect('reply' in outcome && JSON.parse(String(outcome.reply.value))).toMatchObject({
      problem: { code: 'malformed' },
    });
    expect(resultOf(await create(id))).toMatchObject({ status: 'LAUNCHED' });
    const letters = recordsOf(DEAD_LETTERS_TOPIC);
    expect(letters).toHaveLength(5);
    for (const { headers } of letters) {
      expect(String((headers as Record<string, unknown>)['dead-letter-topic'])).toBe(COMMANDS_TOPIC);
    }
  });

  it('count and pass over rubbish in the history', async () => {
    await clientTopics.publish(EXPERIMENTS_TOPIC, [
      { key: ID, value: 'rubbish' },
      {
        key: ID,
        value: '{}',
        headers: { ...encode(FACTS.accepted.message).headers, type: 'ExperimentFrozen' },
      },
      encode({ ...FACTS.accepted.message, id: 'other' }),
      encode({ ...FACTS.accepted.message, key: 'no-experiment' }),
    ]);
    const reports = await untilAllEqual();
    expect(new Set(reports.map(({ hash }) => hash))).toEqual(new Set([freshHash()]));
    const events = await query('ListEvents', { experimentId: ID });
    expect(events?.items.at(-1)).toMatchObject({ type: 'ProcessAccepted', applied: false });
  });

  it('store what PostgreSQL cannot spell, and still agree with a fresh fold', async () => {
    const failed = {
      ...FACTS.processFailed.message,
      id: 'nul',
      payload: { processIndex: 0, reasonCode: 'INTERNAL', detail: 'a\u0000b\ud800c' },
    };
    await clientTopics.publish(EXPERIMENTS_TOPIC, [encode(failed as Message)]);
    const reports = await untilAllEqual();
    expect(new Set(reports.map(({ hash }) => hash))).toEqual(new Set([freshHash()]));
  });

  it('come to the same rows again after a rebuild', async () => {
    const [before] = await untilAllEqual();
    for (const [index, dropDatabase] of [
      [0, false],
      [1, true],
    ] as const) {
      const address = replicas[index]?.server.address ?? '';
      const rebuild = (body: unknown) =>
        fetch(`http://${address}/admin/projections/rebuild`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      expect((await rebuild({ dropDatabase: 'yes' })).status).toBe(400);
      expect((await rebuild({ dropDatabase })).status).toBe(202);
      expect((await rebuild({})).status).toBe(409);
      // The other replica answers meanwhile.
      expect(await query('GetExperiment', { experimentId: ID })).toMatchObject({ status: 'COMPLETED' });
      await allReady();
    }
    const reports = await untilAllEqual();
    expect(reports.map(({ hash, rows }) => ({ hash, rows }))).toEqual(
      reports.map(() => ({ hash: before?.hash, rows: before?.rows })),
    );
  }, 60_000);

  it('take over from each other', async () => {
    const id = idOf('takeover');
    await create(id);
    const [first] = replicas;
    if (first === undefined) throw new Error('no replica');
    await stopReplica(first);
    // Facts that come while nobody, or somebody else, owns the partition are settled by the next owner.
    const facts = UP_TO_RUNNING.map(({ message }) => ({ message: { ...message, key: id } }));
    await publishFacts(facts);
    const renamed = idOf('after');
    expect(resultOf(await create(renamed))).toMatchObject({ status: 'LAUNCHED' });
    expect(resultOf(await create(id))).toMatchObject({ repeated: true });
    await startReplica(1);
    await allReady();
    await until(
      () => Promise.resolve(typesOf(id).includes('ExperimentExecutionStarted')),
      'the start to be settled',
    );
    const reports = await untilAllEqual();
    expect(new Set(reports.map(({ hash }) => hash)).size).toBe(1);
    expect(typesOf(id).filter((type) => type === 'ExperimentExecutionStarted')).toHaveLength(1);
  }, 60_000);

  it('live through the death of the database', async () => {
    await postgres.crash();
    const id = idOf('no-database');
    const reply = await create(id);
    expect(resultOf(reply)).toMatchObject({ status: 'LAUNCHED' });
    await postgres.start();
    await allReady();
    expect(await query('GetExperiment', { experimentId: id, position: reply.position })).toMatchObject({
      id,
    });
    const reports = await untilAllEqual();
    expect(new Set(reports.map(({ hash }) => hash))).toEqual(new Set([freshHash()]));
  }, 60_000);

  it('show their health and figures', async () => {
    const address = replicas[0]?.server.address ?? '';
    expect((await fetch(`http://${address}/readyz`)).status).toBe(200);
    expect(await (await fetch(`http://${address}/metrics`)).text()).toContain('tidemark_events_folded_total');
  });
});
