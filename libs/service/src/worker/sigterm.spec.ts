/** A worker in a process of its own, ended by SIGTERM and by SIGKILL in the middle of its work. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEAD_LETTERS_TOPIC } from '@tidemark/contracts';
import { startCluster } from '../kafka/testing/kafka-cluster.js';
import type { KafkaCluster } from '../kafka/testing/kafka-cluster.js';
import type { KafkaTopics } from '../kafka/kafka-topics.js';
import { collect, eventually, freshName } from '../testing/eventually.js';

const MAIN = fileURLToPath(new URL('../../dist/testing/worker-process.js', import.meta.url));

describe('a worker process', () => {
  let cluster: KafkaCluster;
  let topics: KafkaTopics;
  beforeAll(async () => {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
    cluster = await startCluster();
    topics = cluster.connect('sigterm-spec');
    await topics.ensure([{ name: DEAD_LETTERS_TOPIC, partitions: 1 }]);
  }, 60_000);
  afterAll(async () => {
    await topics.close();
    await cluster.stop();
  }, 60_000);

  it.each([
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ] as const)(
    'ended by %s in the middle of its work leaves nothing half done: its successor finishes, each command once',
    async (signal, exitCode) => {
      const [commands, events, group] = [freshName(), freshName(), freshName()];
      await topics.ensure([commands, events].map((name) => ({ name, partitions: 2 })));
      const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
      await topics.publish(
        commands,
        names.map((name) => ({ key: name, value: '1' })),
      );
      const start = (pauseMs: number): { child: ReturnType<typeof spawn>; began: () => number } => {
        const child = spawn(process.execPath, [
          MAIN,
          cluster.brokers.join(),
          commands,
          events,
          group,
          `${pauseMs}`,
        ]);
        let output = '';
        child.stdout.on('data', (data: Buffer) => (output += data.toString()));
        return { child, began: () => output.split('began').length - 1 };
      };
      const ended = (child: ReturnType<typeof spawn>): Promise<number | null> =>
        new Promise((resolve) => child.once('exit', resolve));

      const first = start(50);
      await eventually(() => first.began() >= 8);
      const firstEnded = ended(first.child);
      first.child.kill(signal);
      expect(await firstEnded).toBe(exitCode);

      const second = start(0);
      const { records, close } = await collect(topics, events, names.length);
      const counted = records.map((record) => record.key);
      expect([...counted].sort()).toEqual([...names].sort());
      // After a clean end nothing that was finished comes again.
      if (signal === 'SIGTERM') expect(first.began() + second.began()).toBeLessThanOrEqual(names.length + 2);
      const secondEnded = ended(second.child);
      second.child.kill('SIGTERM');
      expect(await secondEnded).toBe(0);
      await close();
    },
    60_000,
  );
});
