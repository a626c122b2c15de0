/**
 * What the API Server is made of, wired by hand: every part is given what it needs by `composition`, Nest finds the
 * controllers and carries requests to them.
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Clock } from '@tidemark/platform';
import { ContentStore } from '@tidemark/service';
import { ApplicationsController } from './applications/applications.controller.js';
import { ApiKeyGuard } from './authentication/api-key.guard.js';
import { ApiKeys } from './authentication/api-key.js';
import { DataProductsController } from './data-products/data-products.controller.js';
import { EventsController } from './experiments/events.controller.js';
import { ExperimentsController } from './experiments/experiments.controller.js';
import { OutputController } from './experiments/output.controller.js';
import { ContractPipe } from './http/contract.pipe.js';
import { FollowOutput } from './live/follow-output.js';
import { LiveHistory } from './live/live-history.js';
import { LiveOutput } from './live/live-output.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { ProblemsController } from './problems/problems.controller.js';
import { Asking } from './requests/asking.js';
import { CLOCK } from './tokens.js';

export interface Composition {
  readonly clock: Clock;
  readonly keys: ApiKeys;
  readonly asking: Asking;
  readonly history: LiveHistory;
  readonly output: LiveOutput;
  readonly content: ContentStore;
}

@Module({})
export class AppModule {
  static of(composition: Composition): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        ExperimentsController,
        EventsController,
        OutputController,
        ApplicationsController,
        DataProductsController,
        ProblemsController,
      ],
      providers: [
        { provide: CLOCK, useValue: composition.clock },
        { provide: ApiKeys, useValue: composition.keys },
        { provide: Asking, useValue: composition.asking },
        { provide: LiveHistory, useValue: composition.history },
        { provide: LiveOutput, useValue: composition.output },
        { provide: ContentStore, useValue: composition.content },
        { provide: FollowOutput, useValue: new FollowOutput(composition) },
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        { provide: APP_PIPE, useClass: ContractPipe },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
