/**
 * /v1/experiments/{id}/processes/{index}/stdout and stderr: what a job wrote. While it runs, from the live tail of
 * `tidemark.output`; once it has ended, the data product in the content store. With `?follow=1` a stream of both.
 */
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { experimentIdSchema, isTerminal, type ExperimentView, type OutputStream } from '@tidemark/contracts';
import { ContentStore } from '@tidemark/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AskedBy } from '../authentication/asked-by.js';
import { byteRangeOf } from '../http/byte-range.js';
import { sendContent } from '../http/send-content.js';
import { FollowOutput } from '../live/follow-output.js';
import { LiveOutput } from '../live/live-output.js';
import { Problem } from '../problems/problem.js';
import { Asking, type Asker } from '../requests/asking.js';
import { noSuchExperiment } from './experiments.controller.js';

const TEXT = 'text/plain; charset=utf-8';

const indexSchema = z.coerce.number().int().min(0).max(999_999);
const streamSchema = z.enum(['stdout', 'stderr']);
const outputQuerySchema = z.strictObject({
  follow: z.enum(['0', '1', 'true', 'false']).optional(),
  position: z.string().max(16_384).optional(),
});

@ApiTags('experiments')
@Controller('v1/experiments/:id/processes/:index')
export class OutputController {
  constructor(
    @Inject(Asking) private readonly asking: Asking,
    @Inject(LiveOutput) private readonly output: LiveOutput,
    @Inject(ContentStore) private readonly content: ContentStore,
    @Inject(FollowOutput) private readonly follower: FollowOutput,
  ) {}

  @Get(':stream')
  @ApiOperation({
    summary: 'What the job wrote to stdout or stderr',
    description: 'Range requests; follow=1 streams.',
  })
  @ApiProduces('text/plain', 'text/event-stream')
  async get(
    @Param('id', { schema: experimentIdSchema }) experimentId: string,
    @Param('index', { schema: indexSchema }) index: number,
    @Param('stream', { schema: streamSchema }) stream: OutputStream,
    @Query({ schema: outputQuerySchema }) query: z.output<typeof outputQuerySchema>,
    @AskedBy() asker: Asker,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { position } = query;
    const { result: experiment } = await this.asking.query(
      'GetExperiment',
      { experimentId, position },
      asker,
    );
    if (experiment === null) throw noSuchExperiment();
    if (experiment.processes.length > 0 && !experiment.processes.some((process) => process.index === index)) {
      throw new Problem('not-found', 'The experiment has no such process.');
    }
    if (query.follow === '1' || query.follow === 'true') {
      await this.follower.follow({ experiment, index, stream, asker }, request, reply);
      return;
    }
    const product = experiment[stream];
    if (product !== undefined) {
      sendContent(this.content, { ...product, contentType: TEXT }, request, reply);
      return;
    }
    await this.#sendLive(experiment, { index, stream }, request, reply);
  }

  async #sendLive(
    experiment: ExperimentView,
    { index, stream }: { index: number; stream: OutputStream },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    await this.output.caughtUp;
    const token = experiment.processes.find((process) => process.index === index)?.jobs.at(-1)?.token;
    const buffer = this.output.buffer(token ?? '', stream);
    const { end } = buffer;
    const range = byteRangeOf(request.headers.range, end);
    if (range.kind === 'unsatisfiable') {
      throw new Problem('range-not-satisfiable', `There are ${end} bytes so far.`, {
        headers: { 'content-range': `bytes */${end}` },
      });
    }
    const first = Math.max(range.kind === 'part' ? range.first : 0, buffer.start);
    const bytes = buffer.read(first, range.kind === 'part' ? range.last + 1 : end);
    // The oldest bytes of a very long output may have left the buffer: then it is a part, and says so.
    const partial = range.kind === 'part' || first > 0;
    void reply
      .status(partial ? 206 : 200)
      .headers({
        'content-type': TEXT,
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'bytes',
        'cache-control': 'no-store',
        'output-complete': String(isTerminal(experiment.status)),
        ...(partial ? { 'content-range': `bytes ${first}-${first + bytes.length - 1}/${end}` } : {}),
      })
      .send(bytes);
  }
}
