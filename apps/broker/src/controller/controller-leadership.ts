/**
 * Who leads the metadata quorum, as the controller is told: the seam to `quorum/`. Here also the leadership of a broker
 * that is its own quorum and leads for as long as it runs.
 */

export interface Leadership {
  /** -1 while nobody is known to lead. */
  readonly leaderId: number;
  /** Of the metadata quorum. */
  readonly epoch: number;
  /** This broker leads. */
  readonly isLeader: boolean;
}

export interface ControllerLeadership {
  readonly leadership: Leadership;
  /** Tells of every change from now on. */
  onLeadership(listener: (leadership: Leadership) => void): void;
}

export class SoleLeadership implements ControllerLeadership {
  readonly leadership: Leadership;

  constructor(brokerId: number, epoch = 0) {
    this.leadership = { leaderId: brokerId, epoch, isLeader: true };
  }

  onLeadership(): void {
    // It never changes.
  }
}
