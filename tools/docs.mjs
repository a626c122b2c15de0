// `node tools/docs.mjs`: writes the generated tables into docs/, from the tables that the code itself runs on.
// `node tools/docs.mjs --check` writes nothing and exits with 1 when a page is out of step, `--commands` prints what the
// command line understands as JSON; tests/src/tidy/docs.spec.ts runs both. Imports the TypeScript sources, so it needs an installation but no build.
import { register } from 'node:module';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import * as contractPages from './docs/contracts.mjs';
import { blockNames, fill } from './docs/markdown.mjs';
import * as protocolPages from './docs/protocol.mjs';
import * as settingsPages from './docs/settings.mjs';

register('./docs/typescript-hooks.mjs', import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const source = (path) => import(new URL(`../${path}`, import.meta.url).href);

/** Every generated block: the page it belongs to, and what makes it. */
async function blocks() {
  const wire = await source('libs/wire/src/index.ts');
  const contracts = await source('libs/contracts/src/index.ts');
  const service = await source('libs/service/src/index.ts');
  const configs = await source('apps/broker/src/config-table.ts');
  const log = await source('libs/log/src/index.ts');
  const services = {};
  for (const name of Object.keys(settingsPages.SERVICES)) {
    services[name] = await source(`apps/${name}/src/config.ts`);
  }
  const httpServer = await source('apps/api-server/src/http/http-server.ts');
  return {
    'docs/protocol.md': {
      apis: protocolPages.protocolBlock(root, wire),
      differences: protocolPages.differencesBlock(root, wire),
    },
    'docs/error-codes.md': { 'error-codes': protocolPages.errorCodesBlock(root, wire) },
    'docs/topics.md': {
      topics: contractPages.topicsBlock(contracts),
      'message-types': contractPages.messageTypesBlock(contracts),
    },
    'docs/problems.md': {
      problems: contractPages.problemsBlock(contracts),
      'reason-codes': contractPages.reasonCodesBlock(contracts),
    },
    'docs/http-api.md': { routes: await contractPages.routesBlock(httpServer, service) },
    'docs/configuration.md': {
      'broker-settings': settingsPages.brokerSettingsBlock(root, configs),
      'topic-settings': settingsPages.topicSettingsBlock(root, configs, log),
      'broker-variables': settingsPages.brokerVariablesBlock(root, await source('apps/broker/src/config.ts')),
      'common-variables': settingsPages.commonVariablesBlock(services, service),
      'service-variables': settingsPages.serviceVariablesBlock(services, service),
      'front-door-variables': settingsPages.frontDoorVariablesBlock(root),
      'command-line': settingsPages.commandLineBlock(await source('apps/cli/src/stack/settings.ts')),
    },
  };
}

/** Pages whose blocks are not what the code says; with `write` they are brought in step. */
async function stalePages(write) {
  const stale = [];
  for (const [path, made] of Object.entries(await blocks())) {
    const file = join(root, path);
    const page = await readFile(file, 'utf8');
    const missing = Object.keys(made).filter((name) => !blockNames(page).includes(name));
    if (missing.length > 0) throw new Error(`${path} has no place for: ${missing.join(', ')}`);
    const style = await prettier.resolveConfig(file);
    const filled = await prettier.format(fill(page, made), { ...style, filepath: file });
    if (filled === page) continue;
    stale.push(path);
    if (write) await writeFile(file, filled);
  }
  return stale;
}

/** Every command with its words and its long options. */
async function commands() {
  const { createProgram } = await source('apps/cli/src/program.ts');
  const below = (parent, words) =>
    parent.commands.flatMap((command) => {
      const name = [...words, command.name()];
      const own = { name: name.join(' '), options: command.options.map(({ long }) => long) };
      return command.commands.length === 0 ? [own] : below(command, name);
    });
  return below(createProgram(), []);
}

if (process.argv.includes('--commands')) {
  process.stdout.write(`${JSON.stringify(await commands(), undefined, 1)}\n`);
} else {
  const check = process.argv.includes('--check');
  const stale = await stalePages(!check);
  for (const path of stale) process.stdout.write(`${check ? 'out of step' : 'written'}: ${path}\n`);
  if (check && stale.length > 0) process.stdout.write('run: node tools/docs.mjs\n');
  process.exitCode = check && stale.length > 0 ? 1 : 0;
}
