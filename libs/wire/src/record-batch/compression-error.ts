/**
 * Why a batch could not be decompressed or compressed. `too-large` is an attack or a limit set too low, `unsupported`
 * a codec that this Node does not have.
 */

export type CompressionErrorCode = 'unsupported' | 'corrupt' | 'too-large';

export class CompressionError extends Error {
  override readonly name = 'CompressionError';
  constructor(
    readonly code: CompressionErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}
