/**
 * The registry over the admin HTTP: `GET /registry/PATH` answers what is at and below the path as JSON,
 * `GET /registry/PATH?watch` goes on as server-sent events: one for each path that is there, `current`, then what
 * changes. Watchers are few, and one that does not read is let go.
 */
import type { ServerResponse } from 'node:http';
import type { Registry, RegistryChange } from './registry.js';

const PREFIX = '/registry';
const WATCHERS_MAX = 64;
/** What a watcher may leave unread. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;

/** The registry path that a URL asks for, and whether to watch it; undefined when the URL is another's. */
export function registryQuestion(
  url: string,
): { readonly path: string; readonly watch: boolean } | undefined {
  const [location = '', query = ''] = url.split('?', 2);
  if (location !== PREFIX && !location.startsWith(`${PREFIX}/`)) return undefined;
  const path = location.slice(PREFIX.length).replace(/\/+$/, '');
  return { path: path === '' ? '/' : path, watch: /^watch(=|&|$)/.test(query) };
}

/** As JSON text; nothing when there is nothing at or below the path. */
export function registryText(registry: Registry, path: string): string | undefined {
  const entries = registry.read(path);
  if (entries.length === 0 && path !== '/') return undefined;
  const lines = entries.map(([at, value]) => `{"path":${JSON.stringify(at)},"value":${value}}`);
  return `[${lines.join(',\n')}]\n`;
}

/** Answers false when there are too many watchers already. */
export function watchRegistry(registry: Registry, path: string, response: ServerResponse): boolean {
  if (registry.watchers >= WATCHERS_MAX) return false;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let isFirst = true;
  const end = registry.watch(path, (changes) => {
    const current = isFirst ? 'event: current\ndata: {}\n\n' : '';
    isFirst = false;
    response.write(`${changes.map(eventOf).join('')}${current}`);
    if (response.writableLength > UNREAD_BYTES_MAX) response.destroy();
  });
  response.once('close', end);
  return true;
}

function eventOf({ type, path, value }: RegistryChange): string {
  return `event: ${type}\ndata: {"path":${JSON.stringify(path)},"value":${value}}\n\n`;
}
