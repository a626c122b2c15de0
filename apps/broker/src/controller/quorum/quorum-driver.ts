/**
 * Runs one member of the metadata quorum: hands what happens to the pure machine (libs/replication/quorum), one input at
 * a time, and does what it asks, in its order. Holds the machine's state, the timers, and what waits: parked fetches, a
 * flush, a snapshot on its way. Made by `metadata-quorum.ts`, asked by the handlers of the quorum's APIs.
 *
 * What must hold: the election state is on the disk before the next effect is looked at, so whatever rests on it leaves
 * after it; the log is touched here and by the quorum log's appends only; after a failure nothing more is done.
 */
import type { PartitionLog } from '@tidemark/log';
import { assert, type Clock, type Random, type Timer } from '@tidemark/platform';
import {
  QUORUM_TIMEOUTS,
  initialState,
  step,
  type EpochAnswer,
  type QuorumContext,
  type QuorumEffect,
  type QuorumInput,
  type QuorumState,
  type QuorumTimer,
  type VoteAnswer,
} from '@tidemark/replication';
import { ErrorCode, WireError, buildLeaderChange, errorName } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { ElectionStore } from './election-file.js';
import { faultOfRecords } from './fetched-records.js';
import type { MetadataLogView } from './metadata-log-view.js';
import type { ParkedFetches, FetchToServe } from './parked-fetches.js';
import type { QuorumSender } from './quorum-sender.js';
import { decodeSnapshot } from './snapshot-file.js';
import type { Snapshots } from './snapshots.js';

export interface DriverOptions extends Pick<QuorumContext, 'me' | 'voters' | 'rules'> {
  readonly log: PartitionLog;
  readonly view: MetadataLogView;
  readonly snapshots: Snapshots;
  readonly election: ElectionStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly sender: QuorumSender;
  readonly fetches: (state: () => QuorumState) => ParkedFetches;
  /** After the inputs of a moment are worked off: role, epoch, watermark or log may have changed. */
  readonly onChanged: (state: QuorumState) => void;
  readonly onFailed: (error: Error) => void;
}

/** A request from elsewhere, to be answered when the machine says so. */
export type Asked =
  | { readonly kind: 'vote'; readonly answer: (answer: VoteAnswer) => void }
  | { readonly kind: 'epoch'; readonly answer: (answer: EpochAnswer) => void }
  | { readonly kind: 'fetch'; readonly fetch: Omit<FetchToServe, 'epoch'> };

type RequestInput = Extract<QuorumInput, { readonly of: number }>;
type WithoutHandle<Input> = Input extends { readonly of: number } ? Omit<Input, 'of'> : never;

/** A log that takes nothing (a full disk) is tried again after this. */
const APPEND_RETRY_MS = 500;

export class QuorumDriver {
  /** In which this voter has stood, since it started. */
  elections = 0;
  private current: QuorumState;
  private readonly inputs: { readonly input: QuorumInput; readonly records?: Uint8Array }[] = [];
  private stepping = false;
  private stopped = false;
  private readonly timers = new Map<QuorumTimer, Timer>();
  private readonly asked = new Map<number, Asked>();
  private handles = 0;
  private flushing = false;
  private flushAgain = false;
  private appendFailed = false;
  private readonly fetches: ParkedFetches;
  private readonly context: { -readonly [K in keyof QuorumContext]: QuorumContext[K] };

  constructor(private readonly options: DriverOptions) {
    const { log, view, me, voters, rules, election } = options;
    this.context = { me, voters, timeouts: QUORUM_TIMEOUTS, log: view, now: 0, rules };
    this.current = initialState(election.read(), Math.min(log.highWatermark, log.flushedEnd), this.context);
    this.fetches = options.fetches(() => this.current);
  }

  get state(): QuorumState {
    return this.current;
  }

  start(): void {
    this.take({ kind: 'started' });
  }

  /** Leads no longer, and tells the voters who is to follow. */
  resign(): void {
    this.take({ kind: 'stop' });
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
    this.fetches.close();
    this.asked.clear();
  }

  /** A request of another member. */
  ask(input: WithoutHandle<RequestInput>, asked: Asked): void {
    if (this.stopped) {
      this.refuse(asked);
      return;
    }
    this.handles += 1;
    this.asked.set(this.handles, asked);
    this.take({ ...input, of: this.handles });
  }

  /** The broker stops: it neither votes nor leads any more. */
  private refuse(asked: Asked): void {
    const { epoch, highWatermark } = this.current;
    const standing = { error: 'not-leader', epoch, leaderId: undefined } as const;
    if (asked.kind === 'vote') asked.answer({ kind: 'vote', granted: false, ...standing });
    else if (asked.kind === 'epoch') asked.answer({ kind: 'epoch', ...standing });
    else {
      const answer = { kind: 'fetch', highWatermark, hasRecords: false, ...standing } as const;
      asked.fetch.answer(answer, new Uint8Array(0));
    }
  }

  /** The leader's own records are in the log: they go to the disk and to the others at the end of this turn. */
  appended(): void {
    this.flush();
    this.options.clock.defer(() => this.fetches.look());
  }

  /** Takes an input, now or when those before it are done. `records` lie beside an answer and die with this call. */
  take(input: QuorumInput, records?: Uint8Array): void {
    if (this.stopped) return;
    this.inputs.push(records === undefined ? { input } : { input, records });
    if (this.stepping) return;
    this.stepping = true;
    try {
      for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) {
        this.step(next.input, next.records);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.stepping = false;
    }
    this.tell();
  }

  private tell(): void {
    if (this.stopped) return;
    this.fetches.look();
    this.options.onChanged(this.current);
  }

  private step(input: QuorumInput, records: Uint8Array | undefined): void {
    if (this.stopped) return;
    this.context.now = this.options.clock.monotonic();
    const { state, effects } = step(this.current, this.checked(input, records), this.context);
    this.current = state;
    for (const effect of effects) this.perform(effect, records);
  }

  /** A leader's records that do not fit are as good as no answer. */
  private checked(input: QuorumInput, records: Uint8Array | undefined): QuorumInput {
    if (input.kind !== 'fetch-answer' || records === undefined || !input.answer.hasRecords) return input;
    const { epoch, role } = this.current;
    if (role !== 'follower' || this.current.fetching !== input.correlation) return input;
    const fault = faultOfRecords(records, this.options.view, epoch);
    if (fault === undefined) return input;
    const { correlation, from } = input;
    this.options.logger.error(
      { from, fault },
      'the leader of the metadata quorum sent records that do not fit',
    );
    return { kind: 'request-failed', correlation, from, failure: 'lost' };
  }

  private perform(effect: QuorumEffect, records: Uint8Array | undefined): void {
    const { options } = this;
    switch (effect.effect) {
      case 'persist':
        options.election.write(effect.election);
        this.inputs.push({ input: { kind: 'persisted', write: effect.write } });
        return;
      case 'send':
        options.sender.send(effect, (input, beside) => this.take(input, beside));
        return;
      case 'answer':
        this.answer(effect);
        return;
      case 'serve-fetch':
        this.serve(effect.of, effect.epoch);
        return;
      case 'set-timer':
        this.setTimer(effect);
        return;
      case 'cancel-timers':
        for (const timer of this.timers.values()) timer.cancel();
        this.timers.clear();
        return;
      case 'append-epoch-start':
        this.appendEpochStart(effect);
        return;
      case 'append-fetched':
        assert(records !== undefined, 'records lie beside the answer that brings them');
        this.append(records, 'replica');
        return;
      case 'truncate':
        options.logger.warn({ offset: effect.offset, end: options.log.logEndOffset }, 'metadata log is cut');
        options.log.truncateTo(effect.offset);
        return;
      case 'flush':
        this.flush();
        return;
      case 'fetch-snapshot':
        this.fetchSnapshot(effect);
        return;
      case 'high-watermark':
        options.log.highWatermark = Math.min(effect.offset, options.log.flushedEnd);
        return;
      case 'role':
        options.logger.info(
          { role: effect.role, epoch: effect.epoch, leaderId: effect.leaderId },
          'metadata quorum',
        );
        return;
      case 'fatal':
        throw new Error(effect.reason);
      case 'trace':
        if (effect.event.kind === 'election') this.elections += 1;
        options.logger.debug(effect.event, 'metadata quorum event');
        return;
    }
  }

  private answer({ of, answer }: Extract<QuorumEffect, { effect: 'answer' }>): void {
    const asked = this.asked.get(of);
    this.asked.delete(of);
    if (asked === undefined) return;
    if (asked.kind === 'vote' && answer.kind === 'vote') asked.answer(answer);
    else if (asked.kind === 'epoch' && answer.kind === 'epoch') asked.answer(answer);
    else if (asked.kind === 'fetch' && answer.kind === 'fetch') asked.fetch.answer(answer, new Uint8Array(0));
  }

  private serve(of: number, epoch: number): void {
    const asked = this.asked.get(of);
    this.asked.delete(of);
    if (asked?.kind === 'fetch') this.fetches.add({ ...asked.fetch, epoch });
  }

  private setTimer({ timer, delayMs, spreadMs }: Extract<QuorumEffect, { effect: 'set-timer' }>): void {
    this.timers.get(timer)?.cancel();
    const { clock, random } = this.options;
    const delay = delayMs + (spreadMs === 0 ? 0 : random.below(Math.ceil(spreadMs)));
    const set = clock.setTimer(delay, () => {
      if (this.timers.get(timer) !== set) return;
      this.timers.delete(timer);
      this.take({ kind: `${timer}-timer` });
    });
    this.timers.set(timer, set);
  }

  private appendEpochStart({
    epoch,
    granting,
  }: Extract<QuorumEffect, { effect: 'append-epoch-start' }>): void {
    const { me, voters, clock } = this.options;
    const named = voters.map(({ id, directoryId }) => ({ voterId: id, voterDirectoryId: directoryId }));
    const grantingVoters = named.filter(({ voterId }) => granting.includes(voterId));
    const timestamp = clock.now();
    const place = { timestamp, baseOffset: 0, leaderEpoch: epoch };
    this.append(
      buildLeaderChange({ leaderId: me.id, voters: named, grantingVoters }, place),
      'coordinator',
      epoch,
    );
    if (this.appendFailed) throw new Error('the epoch could not be begun: the metadata log takes nothing');
  }

  private append(bytes: Uint8Array, origin: 'replica' | 'coordinator', leaderEpoch = -1): void {
    const { log, logger } = this.options;
    const { error } = log.append(bytes, { origin, leaderEpoch });
    const refused = log.writeStaged();
    const failed = error !== ErrorCode.NONE || refused !== undefined;
    if (failed && !this.appendFailed) {
      logger.error({ err: refused, error: errorName(error) }, 'the metadata log takes nothing; trying again');
    }
    this.appendFailed = failed;
    if (log.failure !== undefined) throw log.failure;
  }

  /** One flush at a time; what it brought to the disk is told when it is there. */
  private flush(): void {
    if (this.flushing) {
      this.flushAgain = true;
      return;
    }
    this.flushing = true;
    this.flushAgain = false;
    const { log, clock } = this.options;
    const begin = (): void => {
      log.flush().then(
        () => {
          this.flushing = false;
          const again = this.flushAgain;
          this.take({ kind: 'flushed', offset: log.flushedEnd });
          if (again && !this.stopped) this.flush();
        },
        (error: unknown) => this.fail(error),
      );
    };
    if (this.appendFailed) clock.setTimer(APPEND_RETRY_MS, begin);
    else begin();
  }

  private fetchSnapshot({ from, snapshot }: Extract<QuorumEffect, { effect: 'fetch-snapshot' }>): void {
    const { options } = this;
    const { epoch } = this.current;
    options.sender.download(from, snapshot, epoch, (result) => {
      if (this.stopped || this.current.epoch !== epoch || this.current.role !== 'follower') return;
      try {
        if (result instanceof Error) throw new WireError(result.message);
        decodeSnapshot(result);
        options.snapshots.install(snapshot, result);
        options.logger.info({ from, ...snapshot }, 'metadata snapshot loaded from the leader');
        this.take({ kind: 'snapshot-installed' });
      } catch (error) {
        if (!(error instanceof WireError)) {
          this.fail(error);
          return;
        }
        options.logger.warn({ from, err: error }, 'no snapshot from the leader of the metadata quorum');
        this.take({ kind: 'snapshot-failed' });
      }
    });
  }

  private fail(cause: unknown): void {
    if (this.stopped) return;
    this.stop();
    this.options.onFailed(cause instanceof Error ? cause : new Error(String(cause)));
  }
}
