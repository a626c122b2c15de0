/**
 * What clients did and saw, and whether a log could have behaved so (after Jepsen's `jepsen.tests.kafka`, names kept).
 * Holds sends and polls in the order in which they were recorded. Filled by simulated clients here and by real ones in
 * tests; `check` is a pure function of what was recorded.
 *
 * A send is `ok` (acknowledged at an offset), `fail` (surely not in the log) or `info` (nobody knows). Values are
 * unique. Times are of one clock; a send that began after another was acknowledged must come behind it.
 */

export type SendOutcome = 'ok' | 'fail' | 'info';

export interface Send {
  readonly process: number;
  /** `topic-partition`. */
  readonly key: string;
  readonly value: string;
  readonly begunAt: number;
  endedAt: number;
  outcome: SendOutcome;
  /** -1: not known, also of an acknowledged duplicate. */
  offset: number;
}

export interface Polled {
  readonly offset: number;
  readonly value: string;
}

export interface Anomaly {
  readonly kind:
    | 'inconsistent-offsets'
    | 'duplicate'
    | 'lost-write'
    | 'unseen'
    | 'G1a'
    | 'foreign-value'
    | 'nonmonotonic-send'
    | 'nonmonotonic-poll'
    | 'realtime-order';
  readonly key: string;
  readonly detail: string;
}

/** What is remembered of one partition. */
interface KeyHistory {
  readonly sends: Send[];
  readonly byValue: Map<string, Send>;
  /** Offset to value, as first seen by anybody. */
  readonly seen: Map<number, string>;
  /** Value to offset, as first seen. */
  readonly offsetOf: Map<string, number>;
  /** Values that some reader got. */
  readonly polled: Set<string>;
  /** By reader, the offset that it got last. */
  readonly positions: Map<string, number>;
  highestPolled: number;
}

export class History {
  private readonly keys = new Map<string, KeyHistory>();
  private readonly found: Anomaly[] = [];
  acknowledged = 0;
  polled = 0;

  /** A client is about to send; it completes the record that it gets. */
  begin(process: number, key: string, value: string, now: number): Send {
    const send: Send = { process, key, value, begunAt: now, endedAt: Infinity, outcome: 'info', offset: -1 };
    const history = this.of(key);
    history.sends.push(send);
    history.byValue.set(value, send);
    return send;
  }

  acknowledge(send: Send, offset: number, now: number): void {
    send.outcome = 'ok';
    send.endedAt = now;
    send.offset = offset;
    this.acknowledged += 1;
    if (offset >= 0) this.see(send.key, offset, send.value, 'acknowledged');
  }

  /** It is certain that the value is not in the log and never will be. */
  refuse(send: Send, now: number): void {
    send.outcome = 'fail';
    send.endedAt = now;
  }

  /** Records that one reader got in one answer. `reader` is a new name after it was repositioned on purpose. */
  poll(reader: string, key: string, records: readonly Polled[]): void {
    const history = this.of(key);
    for (const { offset, value } of records) {
      this.polled += 1;
      const position = history.positions.get(reader) ?? -1;
      if (offset <= position) {
        this.report('nonmonotonic-poll', key, `${reader} got offset ${offset} after ${position}`);
      }
      history.positions.set(reader, Math.max(position, offset));
      history.highestPolled = Math.max(history.highestPolled, offset);
      history.polled.add(value);
      const send = history.byValue.get(value);
      if (send === undefined) this.report('foreign-value', key, `'${value}' at ${offset} was never sent`);
      else if (send.outcome === 'fail') this.report('G1a', key, `'${value}' at ${offset} was refused`);
      this.see(key, offset, value, `read by ${reader}`);
    }
  }

  /** Everything that is wrong, when readers have read each partition to its end since the last send. */
  check(): readonly Anomaly[] {
    const found = [...this.found];
    for (const [key, history] of this.keys) found.push(...missing(key, history), ...misordered(key, history));
    return found;
  }

  /** What was found while it was recorded, without looking for what is missing. */
  get anomalies(): readonly Anomaly[] {
    return this.found;
  }

  private see(key: string, offset: number, value: string, how: string): void {
    const { seen, offsetOf } = this.of(key);
    const known = seen.get(offset);
    if (known === undefined) seen.set(offset, value);
    else if (known !== value) {
      this.report('inconsistent-offsets', key, `offset ${offset} is '${known}' and '${value}' (${how})`);
    }
    const before = offsetOf.get(value);
    if (before === undefined) offsetOf.set(value, offset);
    else if (before !== offset) {
      this.report('duplicate', key, `'${value}' is at ${before} and at ${offset} (${how})`);
    }
  }

  private report(kind: Anomaly['kind'], key: string, detail: string): void {
    this.found.push({ kind, key, detail });
  }

  private of(key: string): KeyHistory {
    let history = this.keys.get(key);
    if (history === undefined) {
      history = {
        sends: [],
        byValue: new Map(),
        seen: new Map(),
        offsetOf: new Map(),
        polled: new Set(),
        positions: new Map(),
        highestPolled: -1,
      };
      this.keys.set(key, history);
    }
    return history;
  }
}

function missing(key: string, history: KeyHistory): Anomaly[] {
  const found: Anomaly[] = [];
  for (const { outcome, value, offset } of history.sends) {
    if (outcome !== 'ok' || history.polled.has(value)) continue;
    const kind = offset >= 0 && offset < history.highestPolled ? 'lost-write' : 'unseen';
    const detail = `'${value}', acknowledged at ${offset}, was read by nobody up to ${history.highestPolled}`;
    found.push({ kind, key, detail });
  }
  return found;
}

/** One process's sends are in the log in the order in which they were made; so is what did not overlap in time. */
function misordered(key: string, history: KeyHistory): Anomaly[] {
  const found: Anomaly[] = [];
  const lastOf = new Map<number, number>();
  const placed: { begunAt: number; endedAt: number; offset: number; value: string }[] = [];
  for (const send of history.sends) {
    const offset = send.offset >= 0 ? send.offset : (history.offsetOf.get(send.value) ?? -1);
    if (offset < 0) continue;
    const last = lastOf.get(send.process) ?? -1;
    if (offset <= last) {
      const detail = `process ${send.process} has '${send.value}' at ${offset}, sent after what is at ${last}`;
      found.push({ kind: 'nonmonotonic-send', key, detail });
    }
    lastOf.set(send.process, Math.max(last, offset));
    placed.push({ begunAt: send.begunAt, endedAt: send.endedAt, offset, value: send.value });
  }
  const byEnd = placed.filter(({ endedAt }) => endedAt < Infinity).sort((a, b) => a.endedAt - b.endedAt);
  placed.sort((a, b) => a.begunAt - b.begunAt);
  let ended = 0;
  let highest = -1;
  for (const { begunAt, offset, value } of placed) {
    for (; ended < byEnd.length && (byEnd[ended]?.endedAt ?? Infinity) < begunAt; ended += 1) {
      highest = Math.max(highest, byEnd[ended]?.offset ?? -1);
    }
    if (offset >= highest) continue;
    const detail = `'${value}' is at ${offset}, though ${highest} was acknowledged before it was sent`;
    found.push({ kind: 'realtime-order', key, detail });
  }
  return found;
}
