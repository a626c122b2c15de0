/**
 * How every command is made: commander's `Command` with `--json` and an action whose faults reach main.ts. The
 * action gets its arguments, its options and the console to write to.
 */
import { Command } from 'commander';
import { openConsole, type Console } from '../console/console.js';

export interface Call<Options> {
  readonly arguments: readonly string[];
  readonly options: Options & { readonly json?: boolean };
  readonly console: Console;
}

export function command<Options extends object>(
  nameAndArguments: string,
  description: string,
  perform: (call: Call<Options>) => Promise<void>,
): Command {
  const [name, ...args] = nameAndArguments.split(' ');
  const made = new Command(name);
  for (const argument of args) made.argument(argument);
  return made
    .description(description)
    .option('--json', 'print one JSON document on stdout, nothing else')
    .action(async function (this: Command) {
      const options = this.opts<Options & { json?: boolean }>();
      const given = (this.processedArgs as (string | undefined)[]).filter((text) => text !== undefined);
      await perform({ arguments: given, options, console: openConsole(options.json === true) });
    });
}

/** An option that may be given several times; each value is added. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
