/**
 * A job's output while it runs, as bytes on the console. The API's stream carries base64 chunks with their offset;
 * what was printed already (a chunk that comes again after a reconnection) is dropped by it.
 */
import { isTerminal } from '@tidemark/contracts';
import type { Console } from '../console/console.js';
import type { ApiClient } from './api-client.js';
import { followEvents } from './event-stream.js';
import { readExperiment } from './experiment-document.js';
import { pathOfOutput, type OutputStream } from './job-output.js';

interface Chunk {
  readonly offset?: number;
  /** base64 */
  readonly bytes?: string;
}

/** Resolves when the experiment has ended and all of its output was printed. */
export async function followOutput(
  api: ApiClient,
  id: string,
  stream: OutputStream,
  console: Console,
): Promise<void> {
  let printed = 0;
  const isOver = async (): Promise<boolean> => isTerminal((await readExperiment(api, id)).status);
  for await (const { data } of followEvents(api, `${pathOfOutput(id, stream)}?follow=1`, isOver)) {
    const chunk = JSON.parse(data) as Chunk;
    const bytes = Buffer.from(chunk.bytes ?? '', 'base64');
    const fresh = bytes.subarray(Math.max(0, printed - (chunk.offset ?? printed)));
    printed += fresh.length;
    console.raw(fresh);
  }
}
