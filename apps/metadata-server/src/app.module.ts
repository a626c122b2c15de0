/**
 * What the Metadata Server is made of, wired by hand: `server.ts` makes the parts, NestJS carries questions and admin
 * requests to them.
 */
import { type DynamicModule, Module } from '@nestjs/common';
import { type Logger, ProjectionRunner } from '@tidemark/service';
import { ProjectionsController } from './projection/projections.controller.js';
import { QueriesController } from './queries/queries.controller.js';
import { QueryService } from './queries/query-service.js';
import { LOGGER, REPLICA } from './tokens.js';

export interface Composition {
  readonly replica: string;
  readonly logger: Logger;
  readonly projection: ProjectionRunner;
  readonly queries: QueryService;
}

@Module({})
export class AppModule {
  static of({ replica, logger, projection, queries }: Composition): DynamicModule {
    return {
      module: AppModule,
      controllers: [QueriesController, ProjectionsController],
      providers: [
        { provide: REPLICA, useValue: replica },
        { provide: LOGGER, useValue: logger },
        { provide: ProjectionRunner, useValue: projection },
        { provide: QueryService, useValue: queries },
      ],
    };
  }
}
