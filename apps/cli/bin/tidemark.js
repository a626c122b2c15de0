#!/usr/bin/env node
// The `tidemark` command in a clone. Where the CLI has not been compiled yet it is built first, once.
import { existsSync } from 'node:fs';

const program = new URL('../dist/main.js', import.meta.url);
if (!existsSync(program)) {
  const { ensureBuilt } = await import('../../../tools/build.mjs');
  const code = ensureBuilt();
  if (code !== 0) process.exit(code);
}
await import(program.href);
