/** Other brokers for specs: what was asked of whom is kept, and the spec answers; dials end as the spec says. */
import type { AnyApi } from '@tidemark/wire';
import { PeerFailure } from '../peers/peer-failure.js';
import type { Peers, ProbeOutcome } from '../peers/peers.js';

export interface AskedOfPeer {
  readonly brokerId: number;
  readonly api: string;
  readonly request: unknown;
  answer(answer: unknown): void;
}

export class ScriptedPeers {
  readonly asked: AskedOfPeer[] = [];
  readonly probes: { readonly brokerId: unknown; readonly end: (outcome: ProbeOutcome) => void }[] = [];

  /** As the drivers see it. */
  get peers(): Pick<Peers, 'to' | 'probe'> {
    return {
      to: (brokerId) => ({
        request: (api, _version, request, _timeoutMs, done) => {
          const answer = (given: unknown): void => done(given as Parameters<typeof done>[0]);
          this.asked.push({ brokerId, api: (api as unknown as AnyApi).name, request, answer });
        },
      }),
      probe: (brokerId, _timeoutMs, done) => void this.probes.push({ brokerId, end: done }),
    };
  }

  /** The oldest request without an answer. */
  next(): AskedOfPeer {
    const next = this.asked.shift();
    if (next === undefined) throw new Error('nothing was asked');
    return next;
  }
}

export const refused = new PeerFailure('refused', 'nobody listens');
