/**
 * Who leads the metadata quorum, as the controller is told: the seam to `quorum/`. Types only.
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
