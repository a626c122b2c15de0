// P4. The coordinator of consumer groups dies in the middle of their commits. With primary-backup its topic is one of that
// kind too, made before anybody asks for it; by itself a cluster of three makes it a quorum topic.
import type { Row, Stage } from '../../../faults/row.js';
import { OffsetCommitter } from '../../../harness/consumers/offset-committer.js';
import { eventually } from '../../../harness/eventually.js';

const OFFSETS = '__consumer_offsets';
const GROUPS = 8;

export const killCoordinator: Row = {
  name: 'P4',
  what: `kill -9 of the coordinator of consumer groups, ${GROUPS} of which commit without a pause`,
  mustHold:
    'a commit that was acknowledged is there; a group goes on at another coordinator, never further back',
  settings: { 'offsets.topic.num.partitions': '3' },
  rounds: 6,
  async fault(stage) {
    const { cluster, protocol, topic, round } = stage;
    if (round === 0) await cluster.createTopic(offsetsTopic(protocol));
    const groups = Array.from(
      { length: GROUPS },
      (_, index) => new OffsetCommitter(cluster.addresses, `group-${round}-${index}`, topic),
    );
    for (const group of groups) group.start();
    try {
      return await killed(stage, groups);
    } finally {
      await Promise.all(groups.map((group) => group.stop()));
    }
  },
};

const offsetsTopic = (protocol: Stage['protocol']): Parameters<Stage['cluster']['createTopic']>[0] => ({
  name: OFFSETS,
  partitions: 3,
  protocol,
  configs: { 'cleanup.policy': 'compact' },
});

async function killed(
  { cluster, protocol }: Stage,
  groups: readonly OffsetCommitter[],
): ReturnType<Row['fault']> {
  await progress(groups);
  const victim = (await groups[0]?.coordinator())?.nodeId ?? 1;
  const nodes = await Promise.all(groups.map((group) => group.coordinator()));
  const concerned = groups.filter((_, index) => nodes[index]?.nodeId === victim);
  for (const group of groups) group.resetGap();
  await cluster.broker(victim).signal('SIGKILL');
  await eventually(
    async () => (await groups[0]?.coordinator())?.nodeId !== victim,
    30_000,
    `broker ${victim} coordinates no more`,
  );
  await progress(groups);
  const gapMs = Math.round(Math.max(...concerned.map(({ longestGapMs }) => longestGapMs)));
  await Promise.all(groups.map((group) => group.stop()));
  const broken = (await Promise.all(groups.map((group) => group.faults()))).flat();
  const unknown = concerned.reduce((sum, group) => sum + group.unknown, 0);
  const protocolOf = await cluster.partitions(OFFSETS);
  return {
    bit: unknown > 0 && protocolOf.length > 0,
    why: `coordinator ${victim} of ${concerned.length} groups killed (${protocol}), ${unknown} commits under way; the groups waited ${gapMs} ms`,
    broken,
  };
}

/** Every group gets more commits acknowledged. */
async function progress(groups: readonly OffsetCommitter[], commits = 20): Promise<void> {
  const goals = groups.map(({ acknowledged }) => acknowledged + commits);
  await eventually(
    () => groups.every(({ acknowledged }, index) => acknowledged >= (goals[index] ?? 0)),
    60_000,
    `all ${groups.length} groups get ${commits} more commits acknowledged`,
  );
}
