/**
 * What the port to topics promises to those who own a share of the partitions.
 */
import type { Assignment, DeliveredBatch, OwnershipOptions } from '../topics/topics.js';
import { eventually, freshName } from './eventually.js';
import type { ContractPromise } from './topics-contract.js';

interface Owner {
  readonly assignments: Assignment[];
  readonly revoked: number[];
  readonly batches: DeliveredBatch[];
  readonly options: OwnershipOptions;
}
const owner = (group: string, from: OwnershipOptions['topics']): Owner => {
  const seen: Omit<Owner, 'options'> = { assignments: [], revoked: [], batches: [] };
  const options: OwnershipOptions = {
    group,
    topics: from,
    onAssigned: (assignment) => void seen.assignments.push(assignment),
    onRevoked: (partition) => void seen.revoked.push(partition),
    onBatch: (batch) => void seen.batches.push(batch),
  };
  return { ...seen, options };
};
const offsetsOf = ({ batches }: Owner, topic: string, partition: number): number[] =>
  batches
    .filter((batch) => batch.topic === topic && batch.partition === partition)
    .flatMap((batch) => batch.records.map(({ offset }) => offset));

export const OWNERSHIP_PROMISES: readonly ContractPromise[] = [
  {
    says: 'begins at the committed position or the beginning, and says where the logs end',
    check: async ({ topics, create, publishNumbers }) => {
      const [commands, events] = [await create(1), await create(1)];
      await publishNumbers(commands, 5);
      await publishNumbers(events, 4);
      const from = new Map([
        [commands, 'committed'],
        [events, 'beginning'],
      ] as const);
      const group = freshName();
      const first = owner(group, from);
      const held = await topics.own(first.options);
      await eventually(() => offsetsOf(first, commands, 0).length === 5);
      held.commit(commands, 0, 3);
      held.commit(events, 0, 4);
      await held.close();
      expect(first.revoked).toEqual([0]);
      const second = owner(group, from);
      const heldAgain = await topics.own(second.options);
      await eventually(() => offsetsOf(second, events, 0).length === 4);
      await eventually(() => offsetsOf(second, commands, 0).length === 2);
      expect(offsetsOf(second, commands, 0)).toEqual([3, 4]);
      expect(offsetsOf(second, events, 0)).toEqual([0, 1, 2, 3]);
      expect(second.assignments).toEqual([
        {
          partition: 0,
          positions: new Map([
            [commands, 3],
            [events, 0],
          ]),
          ends: new Map([
            [commands, 5],
            [events, 4],
          ]),
        },
      ]);
      await heldAgain.close();
    },
  },

  {
    says: 'shares partition numbers over members, moves few of them, and interrupts no others',
    check: async ({ topics, harness, create, publishNumbers }) => {
      const [one, two] = [await create(6), await create(6)];
      const from = new Map([
        [one, 'beginning'],
        [two, 'beginning'],
      ] as const);
      const group = freshName();
      const [left, right] = [owner(group, from), owner(group, from)];
      const other = harness.connect('replica-2');
      const leftHeld = await topics.own(left.options);
      await eventually(() => left.assignments.length === 6);
      await publishNumbers(one, 60);
      await eventually(() => left.batches.reduce((sum, batch) => sum + batch.records.length, 0) === 60);
      const rightHeld = await other.own(right.options);
      await eventually(() => right.assignments.length === 3);
      await eventually(() => leftHeld.partitions().length === 3);
      expect([...leftHeld.partitions(), ...rightHeld.partitions()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(left.revoked.sort()).toEqual([...rightHeld.partitions()]);
      await publishNumbers(two, 60);
      await eventually(
        () =>
          [...left.batches, ...right.batches]
            .filter((batch) => batch.topic === two)
            .reduce((sum, batch) => sum + batch.records.length, 0) === 60,
      );
      for (const partition of leftHeld.partitions()) {
        const offsets = offsetsOf(left, one, partition);
        expect(offsets).toEqual(offsets.map((_, offset) => offset));
        expect(offsetsOf(right, two, partition)).toEqual([]);
      }
      await leftHeld.close();
      await eventually(() => rightHeld.partitions().length === 6);
      await rightHeld.close();
      await other.close();
    },
  },

  {
    says: 'keeps groups of one process apart',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(2);
      await publishNumbers(topic, 20);
      const owners = [freshName(), freshName()].map((group) => owner(group, new Map([[topic, 'committed']])));
      const held = await Promise.all(owners.map(({ options }) => topics.own(options)));
      for (const each of owners) {
        await eventually(() => offsetsOf(each, topic, 0).length + offsetsOf(each, topic, 1).length === 20);
      }
      for (const each of held) await each.close();
    },
  },
];
