/**
 * Reads the registry of every living broker of a home over its admin HTTP, once or for as long as somebody watches.
 * Brokers that come, or come back, are taken in within half a second.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault, reasonOf } from '../console/fault.js';
import type { Home } from '../stack/home.js';
import { adminsOf, type BrokerAdmin } from '../brokers/broker-admin.js';
import { MergedRegistry, type MergedChange } from './merged-registry.js';

const LOOK_EVERY_MS = 500;
const ANSWER_BOUND_MS = 5_000;

/** What is at and below the path, sorted. Rejects with a `Fault` when no broker answers. */
export async function readRegistry(home: Home, path: string): Promise<[string, unknown][]> {
  const merged = new MergedRegistry();
  let reason = 'none is running';
  let answered = 0;
  for (const { id, url } of adminsOf(home)) {
    try {
      const response = await fetch(`${url}/registry${path}`, {
        signal: AbortSignal.timeout(ANSWER_BOUND_MS),
      });
      const entries = (await response.json()) as { path: string; value: unknown }[];
      answered += 1;
      if (response.ok) for (const one of entries) merged.set(id, one.path, JSON.stringify(one.value));
    } catch (cause) {
      reason = reasonOf(cause);
    }
  }
  if (answered === 0) throw new Fault(`no broker of ${home.root} answers: ${reason}`);
  merged.changes();
  return [...merged.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([at, value]): [string, unknown] => [at, JSON.parse(value)]);
}

/** Tells what is there, then what changes, until `end` is aborted. */
export async function watchRegistry(
  home: Home,
  path: string,
  tell: (changes: readonly MergedChange[]) => void,
  end: AbortSignal,
): Promise<void> {
  const merged = new MergedRegistry();
  const open = new Set<number>();
  const tellChanges = (): void => {
    const changes = merged.changes();
    if (changes.length > 0) tell(changes);
  };
  while (!end.aborted) {
    for (const admin of adminsOf(home)) {
      if (open.has(admin.id)) continue;
      open.add(admin.id);
      void follow(admin, path, merged, tellChanges, end)
        .catch(() => undefined)
        .then(() => {
          open.delete(admin.id);
          merged.lose(admin.id);
          if (!end.aborted) tellChanges();
        });
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: end }).catch(() => undefined);
  }
}

async function follow(
  { id, url }: BrokerAdmin,
  path: string,
  merged: MergedRegistry,
  onChange: () => void,
  end: AbortSignal,
): Promise<void> {
  const response = await fetch(`${url}/registry${path}?watch`, { signal: end });
  if (!response.ok || response.body === null) return;
  let text = '';
  // Nothing is told before all is there that was there.
  let isCurrent = false;
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString('utf8');
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const type = /^event: (\w+)$/m.exec(event)?.[1];
      if (type === 'current') isCurrent = true;
      else take(merged, id, type, /^data: (.*)$/m.exec(event)?.[1] ?? '{}');
    }
    if (isCurrent) onChange();
  }
}

function take(merged: MergedRegistry, id: number, type: string | undefined, data: string): void {
  const { path, value } = JSON.parse(data) as { readonly path: string; readonly value: unknown };
  merged.set(id, path, type === 'removed' ? undefined : JSON.stringify(value));
}
