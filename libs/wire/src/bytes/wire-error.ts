/**
 * The one way in which bytes from outside fail: they do not say what the protocol allows. Thrown by the readers
 * (too short, impossible length, null where none may be) and by the writers (a value that the layout cannot hold).
 * Whoever owns the connection catches it and closes the connection; nobody answers it.
 */

export class WireError extends Error {
  override readonly name = 'WireError';
}
