/**
 * Why a request to another broker has no answer, as a value. Error codes in answers are not failures: those are the
 * caller's to read.
 */
export type PeerFailureKind =
  /** Nobody listens there: the process is gone. */
  | 'refused'
  /** No answer in its time; whether the request was done is not known. */
  | 'timeout'
  /** No way there, or nobody knows where it is. */
  | 'unreachable'
  /** The connection was closed before the answer came, by whichever side. */
  | 'closed'
  /** What came is no answer to what was asked. */
  | 'protocol';

export class PeerFailure {
  constructor(
    readonly kind: PeerFailureKind,
    readonly detail: string,
    /** The other side ended the connection: it closed or reset it, or died. */
    readonly byPeer = false,
  ) {}

  toString(): string {
    return `${this.kind}: ${this.detail}`;
  }
}
