/**
 * Entry of the `tidemark` command: runs one command and turns whatever it throws into one line on stderr and an exit
 * code. A stack trace is shown only for our own bugs, and only with TIDEMARK_DEBUG set.
 */
import { errorColors } from './console/colors.js';
import { Fault, reasonOf } from './console/fault.js';
import { createProgram } from './program.js';

// A reader that has left (`| head`) is no fault.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit(0);
  throw cause;
});

try {
  await createProgram().parseAsync(process.argv);
} catch (cause) {
  process.stderr.write(`${errorColors.red('tidemark:')} ${reasonOf(cause)}\n`);
  if (cause instanceof Fault)
    for (const line of cause.detail) process.stderr.write(`  ${errorColors.dim(line)}\n`);
  if (process.env.TIDEMARK_DEBUG !== undefined && cause instanceof Error) {
    process.stderr.write(`${cause.stack ?? ''}\n`);
  }
  process.exitCode = cause instanceof Fault ? cause.exitCode : 1;
}
