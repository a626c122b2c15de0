/**
 * Writes facts to `tidemark.observations` before anybody concludes anything from them, and answers the record that is
 * then the cause of the events. Holds no state.
 */
import {
  encode,
  formatRecordReference,
  formatTime,
  messageIdFromBytes,
  newMessage,
  OBSERVATIONS_TOPIC,
  type ExperimentState,
  type PayloadInput,
} from '@tidemark/contracts';
import type { Clock, Random } from '@tidemark/platform';
import type { Topics } from '@tidemark/service';

export type ObservationType =
  'SchedulerObserved' | 'ExitRecordObserved' | 'StartRecordObserved' | 'OwnershipObserved' | 'EffectObserved';

export interface ObservationsOptions {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
  readonly replica: string;
}

const ID_BYTES = 17;

export class Observations {
  readonly #options: ObservationsOptions;

  constructor(options: ObservationsOptions) {
    this.#options = options;
  }

  /** The record's reference. Rejects with `TopicsError`; the fact may then be told again. */
  async tell<Type extends ObservationType>(
    experiment: ExperimentState,
    type: Type,
    payload: PayloadInput<Type>,
  ): Promise<string> {
    const { topics, clock, random, replica } = this.#options;
    const message = newMessage(type, payload, {
      key: experiment.id,
      id: messageIdFromBytes(random.bytes(ID_BYTES)),
      gateway: experiment.gateway,
      actor: replica,
      cause: experiment.updatedBy,
      time: formatTime(clock.now()),
    });
    const [published] = await topics.publish(OBSERVATIONS_TOPIC, [
      encode(message as Parameters<typeof encode>[0]),
    ]);
    if (published === undefined) throw new Error('a published record has a place');
    return formatRecordReference({ topic: OBSERVATIONS_TOPIC, ...published });
  }
}
