/** `tidemark logs NAME`: the log of one process, its JSON lines made readable. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { pc } from '../../console/colors.js';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment, logPathOf } from '../../stack/home.js';
import { tailOf } from '../../supervisor/log-file.js';
import { command } from '../command.js';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: string;
}

const FOLLOW_EVERY_MS = 200;
const LINES_MAX = 100_000;

export function logsCommand(): Command {
  return command<LogsOptions>('logs <name>', 'show the log of a process', async (call) => {
    const { options, console } = call;
    const name = call.arguments[0] ?? '';
    const lines = Number(options.lines);
    if (!Number.isInteger(lines) || lines < 0 || lines > LINES_MAX)
      throw new Fault('--lines must be a number');
    if (options.follow === true && console.json)
      throw new Fault('--follow has no end, so it cannot be --json');
    const file = logPathOf(homeFromEnvironment(), name);
    if (!/^[\w-]+$/.test(name) || !fs.existsSync(file)) throw new Fault(`there is no log of '${name}'`);
    const from = fs.statSync(file).size;
    const tail = tailOf(file, lines);
    for (const line of tail) console.line(readable(line));
    console.document({ name, path: file, lines: tail });
    if (options.follow === true) await follow(file, from, (line) => console.line(readable(line)));
  })
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <n>', 'lines from the end', '100');
}

async function follow(file: string, from: number, onLine: (line: string) => void): Promise<never> {
  let at = from;
  let pending = '';
  for (;;) {
    const size = fs.statSync(file).size;
    // Cut because it was too long: it begins anew.
    if (size < at) at = 0;
    if (size > at) {
      const chunks: Buffer[] = [];
      for await (const chunk of fs.createReadStream(file, { start: at, end: size - 1 }))
        chunks.push(chunk as Buffer);
      at = size;
      const lines = (pending + Buffer.concat(chunks).toString('utf8')).split('\n');
      pending = lines.pop() ?? '';
      lines.forEach(onLine);
    }
    await delay(FOLLOW_EVERY_MS);
  }
}

const LEVELS: Readonly<Record<number, string>> = {
  10: pc.dim('trace'),
  20: pc.dim('debug'),
  30: pc.green('info '),
  40: pc.yellow('warn '),
  50: pc.red('error'),
  60: pc.red('fatal'),
};

/** A line of pino as `time level message {rest}`; any other line as it is. */
export function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { time, level, msg, pid: _pid, hostname: _hostname, name: _name, ...rest } = entry;
  const at = new Date(typeof time === 'number' || typeof time === 'string' ? time : 0);
  const clock = Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(11, 23);
  const more = Object.keys(rest).length === 0 ? '' : ` ${pc.dim(JSON.stringify(rest))}`;
  const levelText =
    typeof level === 'number' ? (LEVELS[level] ?? `${level}`) : typeof level === 'string' ? level : '';
  return `${pc.dim(clock)} ${levelText} ${typeof msg === 'string' ? msg : ''}${more}`;
}
