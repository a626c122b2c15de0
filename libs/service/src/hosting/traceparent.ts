/**
 * W3C trace context (https://www.w3.org/TR/trace-context/): one header that says which trace a record or request
 * belongs to. We pass it on and make a new span id at each step; what collects traces is not our business.
 */
import type { Random } from '@tidemark/platform';

export interface TraceContext {
  /** 32 and 16 lower-case hexadecimal characters, not all zero. */
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Nothing when the header is not one, so that the receiver begins a new trace. */
export function parseTraceparent(header: string): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = HEADER.exec(header) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The next step of the same trace, or the first of a new one. */
export function nextTraceparent(random: Random, header: string | undefined): string {
  const parent = header === undefined ? undefined : parseTraceparent(header);
  const hex = (length: number): string => Buffer.from(random.bytes(length)).toString('hex');
  return formatTraceparent({
    traceId: parent?.traceId ?? hex(16),
    spanId: hex(8),
    sampled: parent?.sampled ?? true,
  });
}
