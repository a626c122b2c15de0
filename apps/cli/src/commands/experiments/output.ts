/** `tidemark output ID`: what the job printed, byte for byte; `--follow` while it prints. */
import type { Command } from 'commander';
import { ApiClient } from '../../stack/api-client.js';
import { followOutput } from '../../stack/follow-output.js';
import { readOutput } from '../../stack/job-output.js';
import { findApi } from '../../stack/target.js';
import { Fault } from '../../console/fault.js';
import { command } from '../command.js';

interface OutputOptions {
  readonly stderr?: boolean;
  readonly follow?: boolean;
}

export function outputCommand(): Command {
  return command<OutputOptions>('output <id>', 'print the output of a job', async (call) => {
    const { options, console } = call;
    const id = call.arguments[0] ?? '';
    const stream = options.stderr === true ? 'stderr' : 'stdout';
    const api = new ApiClient(findApi());
    if (options.follow === true) {
      if (console.json) throw new Fault('--follow prints raw bytes, so it cannot be --json');
      await followOutput(api, id, stream, console);
      return;
    }
    const bytes = await readOutput(api, id, stream);
    if (!console.json) console.raw(bytes);
    console.document({ id, stream, bytes: bytes.length, text: Buffer.from(bytes).toString('utf8') });
  })
    .option('--stderr', 'standard error instead')
    .option('--follow', 'go on until the job ends');
}
