/**
 * /v1/experiments/{id}/events: the history of one experiment as a list, or as a stream that resumes by log position
 * (Last-Event-ID) on any replica.
 */
import { Controller, Get, Headers, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { eventListResponseSchema, experimentIdSchema, listEventsQuerySchema } from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { AskedBy } from '../authentication/asked-by.js';
import { EventStream } from '../http/event-stream.js';
import { firstOffset, followEvents } from '../live/follow-events.js';
import { LiveHistory } from '../live/live-history.js';
import { Problem } from '../problems/problem.js';
import { Asking, type Asker } from '../requests/asking.js';
import { CLOCK } from '../tokens.js';
import { noSuchExperiment } from './experiments.controller.js';

type ListQuery = z.output<typeof listEventsQuerySchema>;

@ApiTags('experiments')
@Controller('v1/experiments/:id/events')
export class EventsController {
  constructor(
    @Inject(Asking) private readonly asking: Asking,
    @Inject(LiveHistory) private readonly history: LiveHistory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The events of an experiment',
    description: 'With Accept: text/event-stream, a stream.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiResponse({ status: 200, standardSchema: eventListResponseSchema })
  async list(
    @Param('id', { schema: experimentIdSchema }) experimentId: string,
    @Query({ schema: listEventsQuerySchema }) query: ListQuery,
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @AskedBy() asker: Asker,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const fromOffset = firstOffset(headers['last-event-id'], query.from);
    if (fromOffset === undefined)
      throw new Problem('malformed', 'Neither a record nor an offset to begin at.');
    if (headers.accept?.includes('text/event-stream') === true) {
      await this.#stream(experimentId, fromOffset, { type: query.type, asker }, reply);
    } else {
      await this.#page(experimentId, fromOffset, { query, asker }, reply);
    }
  }

  async #page(
    experimentId: string,
    fromOffset: number,
    { query, asker }: { query: ListQuery; asker: Asker },
    reply: FastifyReply,
  ): Promise<void> {
    const { type, limit, position: wanted } = query;
    const request = { experimentId, fromOffset, type, limit, position: wanted };
    const { result, position } = await this.asking.query('ListEvents', request, asker);
    if (result === null) throw noSuchExperiment();
    const next = result.more ? { next: String(result.nextOffset) } : {};
    void reply.header('log-position', position).send({ items: result.items, ...next, position });
  }

  async #stream(
    experimentId: string,
    fromOffset: number,
    { type, asker }: { type: string | undefined; asker: Asker },
    reply: FastifyReply,
  ): Promise<void> {
    const following = { asking: this.asking, history: this.history, experimentId, asker, fromOffset, type };
    await followEvents(following, async (first) => {
      if (first === null) throw noSuchExperiment();
      if (first.items.length === 0 && fromOffset > 0 && (await this.#hasEnded(experimentId, asker))) {
        // Tells an EventSource that has seen the end to stay away (HTML, 9.2.3).
        void reply.status(204).send();
        return undefined;
      }
      return EventStream.begin(reply, this.clock);
    });
  }

  async #hasEnded(experimentId: string, asker: Asker): Promise<boolean> {
    const { result } = await this.asking.query('GetExperiment', { experimentId }, asker);
    return result?.endedAt !== undefined;
  }
}
