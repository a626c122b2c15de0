/** `tidemark topics`: every topic with what is in it; with a name, its partitions. */
import type { Command } from 'commander';
import { renderTable } from '../../console/table.js';
import { EARLIEST, LATEST, type TopicInfo } from '../../kafka/cluster-client.js';
import { command } from '../command.js';
import { createCommand } from './create.js';
import { describeCommand } from './describe.js';
import { reassignCommand } from './reassign.js';
import { recoverCommand } from './recover.js';
import { withCluster } from './with-cluster.js';

interface PartitionView {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** null: nobody leads the partition, and so nobody can say. */
  readonly startOffset: number | null;
  readonly endOffset: number | null;
}

interface TopicView {
  readonly name: string;
  readonly internal: boolean;
  readonly partitions: readonly PartitionView[];
}

export function topicsCommand(): Command {
  const topics = command('topics [name]', 'list the topics, or the partitions of one', async (call) => {
    const { console } = call;
    const name = call.arguments[0];
    const views = await readTopics(name === undefined ? undefined : [name]);
    if (name === undefined) printTopics(views, (text) => console.line(text));
    else views.forEach((view) => printPartitions(view, (text) => console.line(text)));
    console.document(views);
  });
  // Options after a subcommand's name are the subcommand's.
  const subcommands = [createCommand(), describeCommand(), reassignCommand(), recoverCommand()];
  for (const subcommand of subcommands) topics.addCommand(subcommand);
  return topics.enablePositionalOptions();
}

function readTopics(names: readonly string[] | undefined): Promise<TopicView[]> {
  return withCluster(async (cluster) => {
    const topics = (await cluster.topics(names)).sort((a, b) => (a.name < b.name ? -1 : 1));
    const starts = await cluster.offsets(topics, EARLIEST);
    const ends = await cluster.offsets(topics, LATEST);
    return topics.map((topic: TopicInfo) => ({
      name: topic.name,
      internal: topic.internal,
      partitions: topic.partitions.map((partition) => ({
        ...partition,
        startOffset: starts.get(`${topic.name}/${partition.partition}`) ?? null,
        endOffset: ends.get(`${topic.name}/${partition.partition}`) ?? null,
      })),
    }));
  });
}

function printTopics(views: readonly TopicView[], print: (text: string) => void): void {
  print(
    renderTable(
      ['TOPIC', 'PARTITIONS', 'RECORDS', 'REPLICAS'],
      views.map((view) => [
        view.name,
        String(view.partitions.length),
        recordsIn(view),
        String(Math.max(0, ...view.partitions.map((one) => one.replicas.length))),
      ]),
    ),
  );
}

/** Those of partitions that have a leader, with a mark when there are others. */
function recordsIn({ partitions }: TopicView): string {
  const known = partitions.map(({ startOffset: start, endOffset: end }) =>
    start === null || end === null ? null : end - start,
  );
  const sum = known.reduce<number>((total, count) => total + (count ?? 0), 0);
  return known.includes(null) ? `${sum} + ?` : String(sum);
}

function printPartitions(view: TopicView, print: (text: string) => void): void {
  print(
    renderTable(
      ['PARTITION', 'LEADER', 'EPOCH', 'REPLICAS', 'ISR', 'START', 'END'],
      view.partitions.map((one) => [
        `${view.name}/${one.partition}`,
        one.leader < 0 ? 'none' : String(one.leader),
        String(one.leaderEpoch),
        one.replicas.join(','),
        one.isr.join(','),
        String(one.startOffset ?? '-'),
        String(one.endOffset ?? '-'),
      ]),
    ),
  );
}
