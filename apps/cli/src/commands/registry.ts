/** `tidemark registry [PATH] [--watch]`: who is in the cluster, who consumes what, and how that changes. */
import type { Command } from 'commander';
import { pc } from '../console/colors.js';
import { Fault } from '../console/fault.js';
import type { MergedChange } from '../registry/merged-registry.js';
import { readRegistry, watchRegistry } from '../registry/registry-client.js';
import { homeFromEnvironment } from '../stack/home.js';
import { command } from './command.js';

interface RegistryOptions {
  readonly watch?: boolean;
}

const SIGNS: Readonly<Record<MergedChange['type'], (text: string) => string>> = {
  added: (text) => pc.green(`+ ${text}`),
  changed: (text) => pc.yellow(`~ ${text}`),
  removed: (text) => pc.red(`- ${text}`),
};

export function registryCommand(): Command {
  return command<RegistryOptions>(
    'registry [path]',
    'show brokers, topics, consumers and offsets as a tree',
    async (call) => {
      const { console, options } = call;
      const home = homeFromEnvironment();
      const path = registryPath(call.arguments[0] ?? '/');
      if (options.watch === true) {
        const end = new AbortController();
        process.once('SIGINT', () => end.abort());
        process.once('SIGTERM', () => end.abort());
        await watchRegistry(
          home,
          path,
          (changes) => changes.forEach((change) => print(change, console.json)),
          end.signal,
        );
        return;
      }
      const entries = await readRegistry(home, path);
      if (entries.length === 0 && path !== '') throw new Fault(`there is nothing at ${path}`);
      for (const [at, value] of entries) console.line(`${at}  ${pc.dim(JSON.stringify(value))}`);
      console.document(Object.fromEntries(entries));
    },
  ).option('--watch', 'go on and show what changes; with --json a document a line');
}

/** With a slash at its start and none at its end. */
export function registryPath(text: string): string {
  const path = `/${text.replace(/^\/+|\/+$/g, '')}`;
  if (/[?#\s]/.test(path)) throw new Fault(`'${text}' is not a path of the registry`);
  return path === '/' ? '' : path;
}

function print({ type, path, value }: MergedChange, json: boolean): void {
  const time = new Date().toISOString();
  const line = json
    ? `{"time":"${time}","type":"${type}","path":${JSON.stringify(path)},"value":${value}}`
    : `${pc.dim(time.slice(11, 23))} ${SIGNS[type](path)}  ${pc.dim(value)}`;
  process.stdout.write(`${line}\n`);
}
