/**
 * Turns what the system reports about a socket into the few causes that a caller can decide on.
 */
import { NetworkError, type NetworkErrorCode } from '../network.js';

const CODES: Readonly<Record<string, NetworkErrorCode>> = {
  ECONNREFUSED: 'refused',
  EADDRINUSE: 'address-in-use',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
};

export function toNetworkError(cause: unknown): NetworkError {
  const system = cause as NodeJS.ErrnoException;
  return new NetworkError(CODES[system.code ?? ''] ?? 'io', system.message, { cause });
}
