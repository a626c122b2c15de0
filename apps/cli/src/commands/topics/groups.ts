/** `tidemark groups`: every consumer group, its members, and how far behind the log it is. */
import { describeGroupsApi, listGroupsApi, offsetFetchApi } from '@tidemark/wire';
import type { Command } from 'commander';
import { paintState } from '../../console/console.js';
import { renderTable } from '../../console/table.js';
import { assertNoError, LATEST, type ClusterClient } from '../../kafka/cluster-client.js';
import { command } from '../command.js';
import { withCluster } from './with-cluster.js';

interface GroupPartition {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
}

interface GroupView {
  readonly group: string;
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
  }[];
  readonly lag: number;
  readonly partitions: readonly GroupPartition[];
}

export function groupsCommand(): Command {
  return command('groups [name]', 'list the consumer groups, or the positions of one', async (call) => {
    const { console } = call;
    const name = call.arguments[0];
    const groups = await withCluster((cluster) => readGroups(cluster, name));
    console.line(
      renderTable(
        ['GROUP', 'STATE', 'MEMBERS', 'LAG'],
        groups.map(({ group, state, members, lag }) => [
          group,
          paintState(state),
          String(members.length),
          String(lag),
        ]),
      ),
    );
    if (name !== undefined) {
      console.line();
      console.line(
        renderTable(
          ['PARTITION', 'COMMITTED', 'END', 'LAG'],
          groups.flatMap(({ partitions }) =>
            partitions.map((one) => [
              `${one.topic}/${one.partition}`,
              String(one.committed),
              String(one.end),
              String(one.lag),
            ]),
          ),
        ),
      );
    }
    console.document(groups);
  });
}

async function readGroups(cluster: ClusterClient, only: string | undefined): Promise<GroupView[]> {
  const names = only === undefined ? await listGroups(cluster) : [only];
  const groups: GroupView[] = [];
  for (const group of names) groups.push(await readGroup(cluster, group));
  return groups;
}

async function listGroups(cluster: ClusterClient): Promise<string[]> {
  const names = new Set<string>();
  for (const broker of cluster.brokerIds) {
    const { errorCode, groups } = await cluster.call(broker, listGroupsApi, {});
    assertNoError(errorCode, `the groups of broker ${broker}`);
    for (const { groupId } of groups) names.add(groupId);
  }
  return [...names].sort();
}

async function readGroup(cluster: ClusterClient, group: string): Promise<GroupView> {
  const coordinator = await cluster.coordinatorOf(group);
  const described = (await cluster.call(coordinator, describeGroupsApi, { groups: [group] })).groups[0];
  assertNoError(described?.errorCode ?? 0, `group ${group}`);
  const partitions = await readPositions(cluster, coordinator, group);
  return {
    group,
    state: described?.groupState ?? 'Dead',
    members: (described?.members ?? []).map(({ memberId, clientId, clientHost }) => ({
      memberId,
      clientId,
      host: clientHost,
    })),
    lag: partitions.reduce((sum, one) => sum + one.lag, 0),
    partitions,
  };
}

async function readPositions(
  cluster: ClusterClient,
  coordinator: number,
  group: string,
): Promise<GroupPartition[]> {
  // Version 7 names one group and gives topic names; null asks for everything that it has stored.
  const answer = await cluster.call(coordinator, offsetFetchApi, { groupId: group, topics: null }, 7);
  assertNoError(answer.errorCode, `the positions of ${group}`);
  const stored = answer.topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0)
      .map(({ partitionIndex, committedOffset }) => ({
        topic: name,
        partition: partitionIndex,
        committed: committedOffset,
      })),
  );
  const existing = new Set((await cluster.topics()).map(({ name }) => name));
  const names = [...new Set(stored.map(({ topic }) => topic))].filter((name) => existing.has(name));
  const ends = await cluster.offsets(await cluster.topics(names), LATEST);
  return stored
    .filter(({ topic }) => existing.has(topic))
    .map((one) => {
      const end = ends.get(`${one.topic}/${one.partition}`) ?? one.committed;
      return { ...one, end, lag: Math.max(0, end - one.committed) };
    })
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}
