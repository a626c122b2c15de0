/** Snapshots of a broker that is alone: written, loaded at the next start, and done without when there is no room. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDirectory } from '@tidemark/log';
import { DiskError, type Disk } from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { soleQuorum } from '../../testing/sole-quorum.js';
import { until } from '../../testing/running-broker.js';
import type { ControllerEvent } from '../controller-events.js';

const doors = { disk: nodeDisk, clock: nodeClock, random: nodeRandom };
const fenced = (brokerId: number): ControllerEvent => ({ type: 'BrokerFenced', brokerId, epoch: 1 });

describe('snapshots', () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-snapshots-spec-'));
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  /** Appends ten events one by one, and answers what a reader saw; the state is all that it saw. */
  async function run(disk: Disk): Promise<ControllerEvent[]> {
    const directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
    let seen: ControllerEvent[] = [];
    const snapshotOf = (): ControllerEvent[] => seen;
    const quorum = soleQuorum(directory, { ...doors, disk }, { bytesBetweenSnapshots: 200, snapshotOf });
    const failures: Error[] = [];
    quorum.log.subscribe(0, {
      read: (events) => {
        for (const { event } of events) seen = event.type === 'SnapshotBegan' ? [] : [...seen, event];
      },
      failed: (error) => failures.push(error),
    });
    await quorum.start();
    await until(() => quorum.leadership.isLeader);
    for (let id = 1; id <= 10; id += 1) {
      const before = seen.length;
      quorum.log.append([fenced(id)], () => undefined);
      await until(() => seen.length > before);
    }
    expect(failures).toEqual([]);
    quorum.stop();
    await directory.close();
    return seen;
  }

  const written = (): string[] =>
    readdirSync(join(path, '__cluster_metadata-0')).filter((name) => name.endsWith('.checkpoint'));

  it('are two at most, and stand for the beginning of the log', async () => {
    const first = await run(nodeDisk);
    expect(first).toHaveLength(10);
    expect(written()).toHaveLength(2);
    expect(await run(nodeDisk)).toEqual([...first, ...first]);
  });

  it('are done without when there is no room for them', async () => {
    const full: Disk = Object.create(nodeDisk) as Disk;
    full.openSync = (file, mode) => {
      if (file.includes('.checkpoint')) throw new DiskError('no-space', file, 'no room');
      return nodeDisk.openSync(file, mode);
    };
    expect(await run(full)).toHaveLength(10);
    expect(written()).toEqual([]);
    expect(await run(nodeDisk)).toHaveLength(20);
  });
});
