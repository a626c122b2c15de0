/** `tidemark events ID`: every fact about an experiment with its place in the log; `--follow` goes on. */
import type { EventView } from '@tidemark/contracts';
import { isTerminal } from '@tidemark/contracts';
import type { Command } from 'commander';
import { pc } from '../../console/colors.js';
import type { Console } from '../../console/console.js';
import { Fault } from '../../console/fault.js';
import { ApiClient } from '../../stack/api-client.js';
import { followEvents } from '../../stack/event-stream.js';
import { pathOfExperiment, readExperiment } from '../../stack/experiment-document.js';
import { findApi } from '../../stack/target.js';
import { command } from '../command.js';

interface EventsOptions {
  readonly follow?: boolean;
}

const END_TYPES: ReadonlySet<string> = new Set([
  'ExperimentCompleted',
  'ExperimentFailed',
  'ExperimentCanceled',
  'ExperimentRejected',
]);

export function eventsCommand(): Command {
  return command<EventsOptions>('events <id>', 'show the history of an experiment', async (call) => {
    const { options, console } = call;
    const id = call.arguments[0] ?? '';
    if (options.follow === true && console.json)
      throw new Fault('--follow has no end, so it cannot be --json');
    const api = new ApiClient(findApi());
    if (options.follow === true) {
      await follow(api, id, console);
      return;
    }
    const events = await readAll(api, id);
    events.forEach((event) => print(event, console));
    console.document(events);
  }).option('--follow', 'go on until the experiment ends');
}

async function readAll(api: ApiClient, id: string): Promise<EventView[]> {
  const events: EventView[] = [];
  let from: string | undefined;
  do {
    const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`;
    const page = await api.json<{ items: EventView[]; next?: string }>(
      `${pathOfExperiment(id, '/events')}${query}`,
    );
    events.push(...page.items);
    from = page.next;
  } while (from !== undefined);
  return events;
}

async function follow(api: ApiClient, id: string, console: Console): Promise<void> {
  const isOver = async (): Promise<boolean> => isTerminal((await readExperiment(api, id)).status);
  for await (const { data } of followEvents(api, pathOfExperiment(id, '/events'), isOver)) {
    const event = JSON.parse(data) as EventView;
    print(event, console);
    if (event.applied && END_TYPES.has(event.type) && (await isOver())) return;
  }
}

function print(event: EventView, console: Console): void {
  const words = Object.entries(event.payload)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
  const ignored = event.applied ? '' : pc.yellow(' (changed nothing)');
  console.line(
    `${pc.dim(event.time)}  ${pc.dim(event.position)}  ${pc.bold(event.type)}${ignored}  ${words}`,
  );
}
