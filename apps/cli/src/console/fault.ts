/**
 * A fault that the user can do something about: one line on stderr and an exit code, never a stack trace.
 * Thrown anywhere in the CLI, caught by main.ts alone.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  constructor(
    message: string,
    /** Exit code of the command; 1 unless a caller needs to tell faults apart. */
    readonly exitCode = 1,
    /** Lines that help to understand it (the tail of a log), printed below the message. */
    readonly detail: readonly string[] = [],
  ) {
    super(message);
  }
}

/** What any thrown value has to say, in one line. */
export function reasonOf(cause: unknown): string {
  if (!isError(cause)) return String(cause);
  // `fetch` hides the system's word ("connect ECONNREFUSED …") one level down.
  const inner = isError(cause.cause) && cause.message === 'fetch failed' ? cause.cause : cause;
  const text = inner.message === '' ? (inner.code ?? inner.name) : inner.message;
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** By its shape: an error of Node's own need not be an instance of this realm's `Error`. */
function isError(value: unknown): value is NodeJS.ErrnoException & { readonly cause?: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value;
}
