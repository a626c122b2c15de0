/**
 * The projection of this replica for operators: what it holds and how far it is, and the order to build it anew. On the
 * process's own listener, which is bound to the machine; the CLI finds it by the run file.
 */
import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Get,
  HttpCode,
  Inject,
  Post,
} from '@nestjs/common';
import { describeError, type Logger, ProjectionRunner, type ProjectionStatus } from '@tidemark/service';
import { z } from 'zod';
import { LOGGER, REPLICA } from '../tokens.js';

export interface ProjectionReport extends ProjectionStatus {
  readonly replica: string;
  /** Nothing while the database cannot be read. */
  readonly rows: number | null;
  readonly hash: string | null;
}

const rebuildSchema = z.strictObject({ dropDatabase: z.boolean().optional() });

@Controller('admin/projections')
export class ProjectionsController {
  constructor(
    private readonly projection: ProjectionRunner,
    @Inject(REPLICA) private readonly replica: string,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  async list(): Promise<ProjectionReport[]> {
    const digest = await this.projection.digest().catch((error: unknown) => {
      this.logger.warn({ error: describeError(error) }, 'the projection cannot be hashed');
      return undefined;
    });
    const status = this.projection.status();
    // Rows and hash belong to the position that they were read at, which may be behind by now.
    const position = digest?.position ?? status.position;
    const held = { rows: digest?.rows ?? null, hash: digest?.hash ?? null };
    return [{ replica: this.replica, ...status, position, ...held }];
  }

  @Post('rebuild')
  @HttpCode(202)
  rebuild(@Body() body: unknown): { readonly state: string } {
    const options = rebuildSchema.safeParse(body ?? {});
    if (!options.success) throw new BadRequestException(z.prettifyError(options.error));
    if (!this.projection.rebuild(options.data)) {
      throw new ConflictException('the projection is being built already, or its database is away');
    }
    return { state: this.projection.state };
  }
}
