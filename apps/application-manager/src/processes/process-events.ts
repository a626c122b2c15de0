/**
 * Makes the events of one decision: ids that follow from the cause, so that a zombie and its successor write the same
 * ones, and everything else about them from the experiment and the command. Pure.
 */
import {
  eventIdOf,
  newMessage,
  type ExperimentState,
  type PayloadInput,
  type ProcessEventType,
} from '@tidemark/contracts';
import type { ProcessCommand } from './findings.js';
import type { HistoryEvent } from './history.js';

const TEXT_LENGTH_MAX = 4000;

type Content<Type extends ProcessEventType> = Omit<PayloadInput<Type>, 'processIndex'>;

export class ProcessEvents {
  readonly list: HistoryEvent[] = [];
  readonly #experiment: ExperimentState;
  readonly #command: ProcessCommand;

  constructor(experiment: ExperimentState, command: ProcessCommand) {
    this.#experiment = experiment;
    this.#command = command;
  }

  /** `discriminator` tells apart events of one type that have the same cause. */
  add<Type extends ProcessEventType>(type: Type, content: Content<Type>, discriminator?: string): this {
    const { processIndex, cause, time, owner } = this.#command;
    const attempt = 'attempt' in content ? (content.attempt as number) : undefined;
    const id = eventIdOf({
      aggregate: this.#experiment.id,
      type,
      processIndex,
      attempt,
      cause,
      discriminator,
    });
    const message = newMessage(type, { ...content, processIndex } as PayloadInput<Type>, {
      key: this.#experiment.id,
      id,
      gateway: this.#experiment.gateway,
      actor: owner.split('/')[0] ?? owner,
      cause,
      time,
    });
    // Where it will lie is not known before it is read back; nobody looks at an event that has not been.
    this.list.push({ message: message as HistoryEvent['message'], partition: -1 });
    return this;
  }
}

/** Texts from outside may be of any length; records may not. */
export function clip(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}
