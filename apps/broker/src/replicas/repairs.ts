/**
 * Partitions whose log here turned out damaged, until another broker leads them and the log can be copied anew. Holds
 * their keys; what is being repaired is marked on disk by the log directory. Used by `replicas.ts`.
 *
 * What must hold: a damaged log is not led with while any other replica in sync could, and not touched while no other
 * leads: its files are set aside only when there is somebody to copy from, and given up only when the copy is complete.
 * A partition with a single replica is left as it is.
 */
import type { PartitionImage, TopicImage } from '../controller/metadata-image.js';
import type { IsrProposing } from '../controller/partitions/isr-proposals.js';

/** `copy`: set aside and begin anew. `hand-over`: another is to lead. `leave`: as it is. */
export type RepairStep = 'copy' | 'hand-over' | 'leave';

export class Repairs {
  private readonly damaged = new Set<string>();
  /** Being repaired, and all the same told to lead. */
  private readonly chosen = new Set<string>();
  private readonly asking = new Set<string>();

  constructor(
    private readonly brokerId: number,
    private readonly proposals: IsrProposing,
  ) {}

  add(topicId: string, partition: number): void {
    this.damaged.add(keyOf(topicId, partition));
  }

  remove(topicId: string, partition: number): void {
    this.damaged.delete(keyOf(topicId, partition));
    this.chosen.delete(keyOf(topicId, partition));
  }

  /** What is to be done about a partition that is known to be damaged, or is being repaired; nothing for all others. */
  stepFor({ id }: TopicImage, image: PartitionImage, repairing: boolean): RepairStep | undefined {
    const key = keyOf(id, image.partition);
    if (!this.damaged.has(key)) {
      // It was in sync when it was damaged, and is elected before its leader has noticed.
      const chosen = repairing && image.leader === this.brokerId && image.isr.length > 1;
      if (chosen) this.chosen.add(key);
      else this.chosen.delete(key);
      return chosen ? 'hand-over' : undefined;
    }
    if (image.replicas.length === 1 || image.leader === -1) return 'leave';
    if (image.leader !== this.brokerId) return 'copy';
    return image.isr.some((id) => id !== this.brokerId) ? 'hand-over' : 'leave';
  }

  /** Asks the controller for another leader out of the rest of the in-sync set. */
  handOver({ id: topicId }: TopicImage, image: PartitionImage): void {
    const { partition, leaderEpoch, partitionEpoch } = image;
    const key = keyOf(topicId, partition);
    if (this.asking.has(key)) return;
    this.asking.add(key);
    const newIsr = image.isr
      .filter((brokerId) => brokerId !== this.brokerId)
      .map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
    const proposal = { topicId, partition, leaderEpoch, partitionEpoch, newIsr, recovering: false };
    // The metadata tells what became of it; `topicIds` brings it up again until then.
    this.proposals.propose(proposal, () => this.asking.delete(key));
  }

  /** Topics that have partitions here to be looked at again. */
  topicIds(): Set<string> {
    return new Set([...this.damaged, ...this.chosen].map((key) => key.slice(0, key.indexOf('/'))));
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}
