/**
 * The assignment `tidemark-copartition`, pure: partition p of all topics goes to one member, so that its owner holds
 * everything of a key; the numbers of partitions per member differ by at most one; and a member keeps what it had as
 * far as that allows, because a partition that moves has its history read again. Run by the group's leader.
 */

export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
  /** Partition numbers that the member held when it joined; a claim, possibly of an older generation. */
  readonly held: readonly number[];
}

/** Member id -> topic -> partitions, ascending. Every member has an entry. */
export type Assignments = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** Topics with the same subscribers are assigned together; normally that is all of them. */
export function assignCopartitioned(
  members: readonly Member[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignments {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const assignments = new Map(sorted.map((member) => [member.id, new Map<string, number[]>()]));
  for (const { topics, subscribers } of groupBySubscribers(sorted, partitionCounts)) {
    const count = Math.max(...topics.map((topic) => partitionCounts.get(topic) ?? 0));
    for (const [member, partitions] of share(subscribers, count)) {
      for (const topic of topics) {
        const there = partitions.filter((partition) => partition < (partitionCounts.get(topic) ?? 0));
        assignments.get(member)?.set(topic, there);
      }
    }
  }
  return assignments;
}

interface TopicGroup {
  readonly topics: string[];
  readonly subscribers: readonly Member[];
}

function groupBySubscribers(
  members: readonly Member[],
  partitionCounts: ReadonlyMap<string, number>,
): Iterable<TopicGroup> {
  const groups = new Map<string, TopicGroup>();
  for (const topic of [...partitionCounts.keys()].sort()) {
    const subscribers = members.filter((member) => member.topics.includes(topic));
    if (subscribers.length === 0) continue;
    const name = JSON.stringify(subscribers.map((member) => member.id));
    const group = groups.get(name) ?? { topics: [], subscribers };
    group.topics.push(topic);
    groups.set(name, group);
  }
  return groups.values();
}

/** Numbers 0..count-1 over the members: first what each may keep, then the rest to whoever has least. */
function share(members: readonly Member[], count: number): Map<string, number[]> {
  const shares = new Map(members.map((member) => [member.id, [] as number[]]));
  const free = new Set(Array.from({ length: count }, (_, partition) => partition));
  const least = Math.floor(count / members.length);
  let larger = count % members.length;
  // Who holds most keeps the larger shares, so that the fewest partitions move.
  const byHeld = [...members].sort((a, b) => b.held.length - a.held.length);
  for (const member of byHeld) {
    const kept = member.held.filter((partition) => free.has(partition)).sort((a, b) => a - b);
    let size = least;
    if (larger > 0 && kept.length > least) {
      size += 1;
      larger -= 1;
    }
    for (const partition of kept.slice(0, size)) {
      free.delete(partition);
      shares.get(member.id)?.push(partition);
    }
  }
  for (const partition of free) smallest(shares).push(partition);
  for (const partitions of shares.values()) partitions.sort((a, b) => a - b);
  return shares;
}

function smallest(shares: ReadonlyMap<string, number[]>): number[] {
  let found: number[] | undefined;
  for (const partitions of shares.values()) {
    if (found === undefined || partitions.length < found.length) found = partitions;
  }
  return found ?? [];
}
