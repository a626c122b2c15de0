/** Slots on a real directory, shared by several managers: never more holders than slots, and none lost to a crash. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeClock, nodeDisk, nodeFileTree } from '@tidemark/platform/node';
import { Slots } from './slots.js';

const time = '2026-01-31T12:00:00.000Z';
const exit = {
  exitCode: 0,
  signal: null,
  reason: 'EXITED',
  startedAt: time,
  endedAt: time,
  truncated: false,
};

describe('Slots', () => {
  let directory: string;
  const never = new AbortController().signal;
  const replica = (count = 2): Slots =>
    new Slots({ disk: nodeDisk, files: nodeFileTree, clock: nodeClock, jobsDirectory: directory, count });
  const write = (token: string, name: string, content: object): void => {
    const file = path.join(directory, token, '.tidemark-job', name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify(content));
  };
  /** Whether the promise has resolved once every poll had a chance. */
  const isDone = (promise: Promise<unknown>): Promise<boolean> =>
    Promise.race([
      promise.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 150)),
    ]);
  beforeEach(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-slots-'))));
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  it('lets no more jobs in than there are slots, over all replicas', async () => {
    const [one, two] = [replica(), replica()];
    await one.take('job-a', never, () => undefined);
    await two.take('job-b', never, () => undefined);
    let waits = 0;
    const third = two.take('job-c', never, () => (waits += 1));
    expect(await isDone(third)).toBe(false);
    expect([waits, two.waiting]).toEqual([1, 1]);
    one.giveBack('job-a');
    expect(await isDone(third)).toBe(true);
  });

  it('gives a token its own slot again, also to a successor', async () => {
    await replica(1).take('job-a', never, () => undefined);
    await replica(1).take('job-a', never, () => undefined);
    expect(fs.readdirSync(path.join(directory, '.slots'))).toEqual(['0']);
  });

  it.each([
    ['has an exit record', (token: string) => write(token, 'exit.json', exit)],
    ['is lost', (token: string) => write(token, 'lost', {})],
    ['was revoked', (token: string) => write(token, 'claim/owner', { revokedBy: 'm', revokedAtMs: 1 })],
  ])('frees the slot of a job that %s, though nobody gives it back', async (_, happen) => {
    const slots = replica(1);
    await slots.take('job-a', never, () => undefined);
    const next = slots.take('job-b', never, () => undefined);
    expect(await isDone(next)).toBe(false);
    happen('job-a');
    expect(await isDone(next)).toBe(true);
  });

  it('frees the slot of a manager that died before it launched, after a while', async () => {
    await replica(1).take('job-a', never, () => undefined);
    const next = replica(1).take('job-b', never, () => undefined);
    expect(await isDone(next)).toBe(false);
    const longAgo = Date.now() / 1000 - 3600;
    fs.utimesSync(path.join(directory, '.slots', '0'), longAgo, longAgo);
    expect(await isDone(next)).toBe(true);
  });

  it('lets go of who is aborted, and keeps the order of the others', async () => {
    const slots = replica(1);
    await slots.take('job-a', never, () => undefined);
    const abort = new AbortController();
    const order: string[] = [];
    const refused = slots.take('job-b', abort.signal, () => undefined);
    const waiting = ['job-c', 'job-d'].map((token) =>
      slots
        .take(token, never, () => undefined)
        .then(() => {
          order.push(token);
          slots.giveBack(token);
        }),
    );
    abort.abort(new Error('cancelled'));
    await expect(refused).rejects.toThrow('cancelled');
    slots.giveBack('job-a');
    await Promise.all(waiting);
    expect(order).toEqual(['job-c', 'job-d']);
  });
});
