/**
 * Turns an application's command into the arguments of one job. Each argument stays one argument whatever its value
 * holds, so that no quote, space or shell character ever means anything. An argument that names an input which was
 * not given (and has no default) is left out as a whole: write `--seed={input:seed}` for an optional one.
 */
import type { Fault } from '../messages/values.js';
import type { Application } from './application.js';
import { patternFault } from './safe-pattern.js';

const PLACEHOLDER = /\{(?:app|input:([A-Za-z0-9_-]+))\}/g;

/** Input names that an argument refers to. */
export function inputsNamedIn(argument: string): string[] {
  return [...argument.matchAll(PLACEHOLDER)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** The arguments, `valueOf` giving each input's text (a path for a file), or nothing for one not given. */
export function resolveArguments(
  command: readonly string[],
  applicationDirectory: string,
  valueOf: (input: string) => string | undefined,
): string[] {
  return command
    .filter((argument) => inputsNamedIn(argument).every((name) => valueOf(name) !== undefined))
    .map((argument) =>
      argument.replace(PLACEHOLDER, (_, name: string | undefined) =>
        name === undefined ? applicationDirectory : (valueOf(name) ?? ''),
      ),
    );
}

/** What is wrong with an application beyond its schema: names used twice, unknown or contradicting each other. */
export function applicationFaults(application: Pick<Application, 'command' | 'inputs' | 'outputs'>): Fault[] {
  const faults: Fault[] = [];
  const inputs = new Set<string>();
  application.inputs.forEach((input, index) => {
    if (inputs.has(input.name)) faults.push(duplicate(`/inputs/${index}/name`, input.name));
    inputs.add(input.name);
    const fault = input.pattern === undefined ? undefined : patternFault(input.pattern);
    if (fault !== undefined) {
      faults.push({ pointer: `/inputs/${index}/pattern`, code: 'invalid-pattern', message: fault });
    }
    if (input.min !== undefined && input.max !== undefined && input.min > input.max) {
      faults.push({ pointer: `/inputs/${index}/min`, code: 'contradiction', message: 'min is above max' });
    }
  });
  const outputs = new Set<string>(['stdout', 'stderr']);
  application.outputs.forEach((output, index) => {
    if (outputs.has(output.name)) faults.push(duplicate(`/outputs/${index}/name`, output.name));
    outputs.add(output.name);
  });
  application.command.forEach((argument, index) => {
    for (const name of inputsNamedIn(argument)) {
      if (!inputs.has(name)) {
        faults.push({
          pointer: `/command/${index}`,
          code: 'unknown-input',
          message: `there is no input "${name}"`,
        });
      }
    }
  });
  if (inputsNamedIn(application.command[0] ?? '').length > 0) {
    faults.push({
      pointer: '/command/0',
      code: 'variable-program',
      message: 'the program must not depend on an input',
    });
  }
  return faults;
}

function duplicate(pointer: string, name: string): Fault {
  return { pointer, code: 'duplicate-name', message: `the name "${name}" is taken` };
}
