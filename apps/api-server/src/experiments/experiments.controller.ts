/**
 * /v1/experiments: submit, get, list, cancel, launch. Answers are sent on the decider's reply, when its event is
 * committed. Verbs on one experiment are spelled `{id}:verb`, as in Airavata's own API.
 */
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  bodyHash,
  cancelExperimentRequestSchema,
  createExperimentRequestSchema,
  experimentAcceptedSchema,
  experimentIdFromBytes,
  experimentIdOf,
  experimentIdSchema,
  experimentListResponseSchema,
  experimentResponseSchema,
  getQuerySchema,
  idempotencyKeySchema,
  listExperimentsQuerySchema,
  processListResponseSchema,
  type ExperimentAccepted,
} from '@tidemark/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AskedBy } from '../authentication/asked-by.js';
import { Problem } from '../problems/problem.js';
import { Asking, type Asker } from '../requests/asking.js';

type Input<Schema extends z.ZodType> = z.output<Schema>;

const ROUTE = 'POST /v1/experiments';

@ApiTags('experiments')
@Controller('v1/experiments')
export class ExperimentsController {
  constructor(@Inject(Asking) private readonly asking: Asking) {}

  @Post()
  @ApiOperation({
    summary: 'Submit an experiment',
    description: 'The same Idempotency-Key and body is the same experiment.',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiResponse({ status: 202, description: 'Accepted', standardSchema: experimentAcceptedSchema })
  @ApiResponse({
    status: 200,
    description: 'The same key and body again',
    standardSchema: experimentAcceptedSchema,
  })
  async create(
    @Body({ schema: createExperimentRequestSchema }) body: Input<typeof createExperimentRequestSchema>,
    @Headers('idempotency-key') key: string | undefined,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ExperimentAccepted> {
    const experimentId = this.#experimentId(key, asker);
    const { name, ...rest } = body;
    const { result, position } = await this.asking.command(
      'CreateExperiment',
      experimentId,
      {
        ...rest,
        experimentId,
        name: name ?? body.application.name,
        bodyHash: bodyHash(body),
        catalogPosition: await this.asking.catalogEnd(),
      },
      asker,
    );
    reply.header('location', `/v1/experiments/${experimentId}`);
    return accepted(result, position, reply);
  }

  @Get()
  @ApiOperation({ summary: 'List experiments, the latest first' })
  @ApiResponse({ status: 200, standardSchema: experimentListResponseSchema })
  async list(
    @Query({ schema: listExperimentsQuerySchema }) query: Input<typeof listExperimentsQuerySchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Input<typeof experimentListResponseSchema>> {
    const { result, position } = await this.asking.query('ListExperiments', query, asker);
    reply.header('log-position', position);
    return { ...result, position };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One experiment' })
  @ApiResponse({ status: 200, standardSchema: experimentResponseSchema })
  async get(
    @Param('id', { schema: experimentIdSchema }) experimentId: string,
    @Query({ schema: getQuerySchema }) query: Input<typeof getQuerySchema>,
    @AskedBy() asker: Asker,
    @Req() request: { readonly headers: Readonly<Record<string, string | undefined>> },
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Input<typeof experimentResponseSchema> | undefined> {
    const { result, position } = await this.asking.query('GetExperiment', { ...query, experimentId }, asker);
    if (result === null) throw noSuchExperiment();
    const etag = `"${result.revision}"`;
    reply.header('log-position', position).header('etag', etag);
    if (request.headers['if-none-match'] === etag) {
      reply.status(304);
      return undefined;
    }
    return { ...result, position };
  }

  @Get(':id/processes')
  @ApiOperation({ summary: 'The processes of an experiment and their jobs' })
  @ApiResponse({ status: 200, standardSchema: processListResponseSchema })
  async processes(
    @Param('id', { schema: experimentIdSchema }) experimentId: string,
    @Query({ schema: getQuerySchema }) query: Input<typeof getQuerySchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Input<typeof processListResponseSchema>> {
    const { result, position } = await this.asking.query('GetExperiment', { ...query, experimentId }, asker);
    if (result === null) throw noSuchExperiment();
    reply.header('log-position', position);
    return { items: result.processes, position };
  }

  @Post(':idAndVerb')
  @HttpCode(202)
  @ApiOperation({ summary: 'Cancel or launch: `{id}:cancel`, `{id}:launch`' })
  @ApiResponse({ status: 202, standardSchema: experimentAcceptedSchema })
  async act(
    @Param('idAndVerb') idAndVerb: string,
    @Body({ schema: cancelExperimentRequestSchema }) body: Input<typeof cancelExperimentRequestSchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ExperimentAccepted> {
    const [id, verb] = idAndVerb.split(/:(?=[a-z]+$)/, 2);
    const experimentId = experimentIdSchema.safeParse(id).data;
    if (experimentId === undefined) throw noSuchExperiment();
    if (verb === 'cancel') {
      const cancel = await this.asking.command(
        'CancelExperiment',
        experimentId,
        { ...body, experimentId },
        asker,
      );
      return accepted(cancel.result, cancel.position, reply, 202);
    }
    if (verb === 'launch') {
      const launch = await this.asking.command('LaunchExperiment', experimentId, { experimentId }, asker);
      return accepted(launch.result, launch.position, reply, 202);
    }
    throw new Problem('not-found', 'The verbs are :cancel and :launch.');
  }

  /** The id that the key stands for; a random one for a request that does not care to be repeated. */
  #experimentId(key: string | undefined, { principal }: Asker): string {
    if (key === undefined) return experimentIdFromBytes(this.asking.randomBytes());
    const checked = idempotencyKeySchema.safeParse(key);
    if (!checked.success) {
      throw new Problem(
        'idempotency-key-invalid',
        'A key is 1 to 255 printable ASCII characters without spaces.',
      );
    }
    return experimentIdOf({ ...principal, route: ROUTE, idempotencyKey: checked.data });
  }
}

export const noSuchExperiment = (): Problem =>
  new Problem('experiment-not-found', 'No experiment has this id.');

type Replied = Awaited<ReturnType<Asking['command']>>;

function accepted(
  result: Replied['result'],
  position: string,
  reply: FastifyReply,
  status?: number,
): ExperimentAccepted {
  if (result.kind !== 'experiment') throw new TypeError(`a ${result.kind} replied for an experiment`);
  reply.status(status ?? (result.repeated ? 200 : 202)).header('log-position', position);
  return { id: result.id, status: result.status, position };
}
