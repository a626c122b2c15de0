/**
 * /v1/applications: register a version, list, get. The files of an application are uploaded as data products first and
 * named here by id; what is registered names their content, so that a version never changes.
 */
import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  applicationListResponseSchema,
  applicationNameSchema,
  applicationResponseSchema,
  applicationVersionSchema,
  getQuerySchema,
  listQuerySchema,
  registerApplicationRequestSchema,
  type Application,
  type ApplicationResponse,
  type Fault,
} from '@tidemark/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AskedBy } from '../authentication/asked-by.js';
import { Problem } from '../problems/problem.js';
import { Asking, type Asker } from '../requests/asking.js';

type RegisterRequest = z.output<typeof registerApplicationRequestSchema>;

@ApiTags('applications')
@Controller('v1/applications')
export class ApplicationsController {
  constructor(@Inject(Asking) private readonly asking: Asking) {}

  @Post()
  @ApiOperation({
    summary: 'Register a version of an application',
    description: 'A registered version never changes.',
  })
  @ApiResponse({ status: 201, standardSchema: applicationResponseSchema })
  @ApiResponse({
    status: 200,
    description: 'Registered before, alike',
    standardSchema: applicationResponseSchema,
  })
  async register(
    @Body({ schema: registerApplicationRequestSchema }) body: RegisterRequest,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationResponse> {
    const catalogPosition = await this.asking.catalogEnd();
    const application = await this.#withContents(body, catalogPosition, asker);
    const { name, version } = application;
    const key = `application/${name}`;
    const payload = { application, catalogPosition };
    const { result, position } = await this.asking.command('RegisterApplication', key, payload, asker);
    const view = await this.#view({ name, version, position }, asker);
    const repeated = result.kind === 'application' && result.repeated;
    reply.status(repeated ? 200 : 201).header('location', `/v1/applications/${name}/${version}`);
    reply.header('log-position', position);
    return view;
  }

  @Get()
  @ApiOperation({ summary: 'The latest version of every application' })
  @ApiResponse({ status: 200, standardSchema: applicationListResponseSchema })
  async list(
    @Query({ schema: listQuerySchema }) query: z.output<typeof listQuerySchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof applicationListResponseSchema>> {
    const { result, position } = await this.asking.query('ListApplications', query, asker);
    reply.header('log-position', position);
    return { ...result, position };
  }

  @Get(':name')
  @ApiOperation({ summary: 'The latest version of one application' })
  @ApiResponse({ status: 200, standardSchema: applicationResponseSchema })
  async get(
    @Param('name', { schema: applicationNameSchema }) name: string,
    @Query({ schema: getQuerySchema }) query: z.output<typeof getQuerySchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationResponse> {
    const view = await this.#view({ name, ...query }, asker);
    reply.header('log-position', view.position);
    return view;
  }

  @Get(':name/:version')
  @ApiOperation({ summary: 'One version of an application' })
  @ApiResponse({ status: 200, standardSchema: applicationResponseSchema })
  async getVersion(
    @Param('name', { schema: applicationNameSchema }) name: string,
    @Param('version', { schema: applicationVersionSchema }) version: string,
    @Query({ schema: getQuerySchema }) query: z.output<typeof getQuerySchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationResponse> {
    const view = await this.#view({ name, version, ...query }, asker);
    reply.header('log-position', view.position);
    return view;
  }

  async #view(
    wanted: { name: string; version?: string | undefined; position?: string | undefined },
    asker: Asker,
  ): Promise<ApplicationResponse> {
    const { result, position } = await this.asking.query('GetApplication', wanted, asker);
    if (result === null)
      throw new Problem('application-not-found', 'No application has this name and version.');
    return { ...result, position };
  }

  /** Replaces the ids of the files by their contents, as the view knows them at the catalog's end. */
  async #withContents(body: RegisterRequest, position: string, asker: Asker): Promise<Application> {
    const errors: Fault[] = [];
    const files = await Promise.all(
      body.files.map(async ({ path, dataProductId }, index) => {
        const { result } = await this.asking.query('GetDataProduct', { id: dataProductId, position }, asker);
        if (result === null) {
          const pointer = `/files/${index}/dataProductId`;
          errors.push({ pointer, code: 'not-found', message: 'no data product has this id' });
        }
        return { path, sha256: result?.sha256 ?? '', bytes: result?.bytes ?? 0 };
      }),
    );
    if (errors.length > 0)
      throw new Problem('validation', 'A file of the application was not uploaded.', { errors });
    return { ...body, files };
  }
}
