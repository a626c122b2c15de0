/**
 * Producer ids for idempotent producers: unique in the cluster and for ever. Holds this broker's current block of
 * ids and whoever waits for the next block; ids of a block that a restart cut short are never used. Called by
 * InitProducerId.
 */
import { ErrorCode } from '@tidemark/wire';
import { controllerApis } from '../handlers/controller-apis.js';
import type { ActiveController } from '../peers/active-controller.js';
import { PeerFailure } from '../peers/peer-failure.js';

const VERSION = 0;
const TIMEOUT_MS = 10_000;

/** Requests that wait for one block; more are told to come again. */
const WAITING_MAX = 10_000;

export type ProducerIdAnswer = { readonly producerId: number } | { readonly error: ErrorCode };

export class ProducerIds {
  #next = 0;
  #end = 0;
  #waiting: ((answer: ProducerIdAnswer) => void)[] = [];

  constructor(
    private readonly activeController: Pick<ActiveController, 'request'>,
    private readonly brokerId: number,
  ) {}

  next(done: (answer: ProducerIdAnswer) => void): void {
    if (this.#next < this.#end) {
      done({ producerId: this.#next++ });
      return;
    }
    if (this.#waiting.length >= WAITING_MAX) {
      done({ error: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS });
      return;
    }
    this.#waiting.push(done);
    if (this.#waiting.length === 1) this.#fetchBlock();
  }

  #fetchBlock(): void {
    const request = { brokerId: this.brokerId, brokerEpoch: -1 };
    const asked = { version: VERSION, request, timeoutMs: TIMEOUT_MS };
    this.activeController.request(controllerApis.allocateProducerIds, asked, (answer) => {
      const waiting = this.#waiting;
      this.#waiting = [];
      if (answer instanceof PeerFailure || answer.errorCode !== ErrorCode.NONE) {
        // Every client tries again after this one; NOT_CONTROLLER would send some of them elsewhere for nothing.
        for (const done of waiting) done({ error: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS });
        return;
      }
      this.#next = answer.producerIdStart;
      this.#end = this.#next + answer.producerIdLen;
      for (const done of waiting) this.next(done);
    });
  }
}
