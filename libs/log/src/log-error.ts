/**
 * Why a log or a data directory cannot be used. Thrown by `LogDirectory.open`, `openLog` and asynchronous reads and
 * flushes; what a produce or fetch is answered is a Kafka error code, never an exception.
 */

export type LogErrorCode =
  /** Another living process has the data directory. */
  | 'locked'
  /** The directory belongs to another cluster or node, or holds files that no broker made. */
  | 'foreign'
  /** Bytes that were safely on disk are not what they were; nothing was changed. */
  | 'corrupt'
  /** The disk refused; the log takes no more appends. */
  | 'failed';

export class LogError extends Error {
  override readonly name = 'LogError';
  constructor(
    readonly code: LogErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}
