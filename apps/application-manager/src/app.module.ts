/**
 * The NestJS side of the Application Manager: nothing is asked of it over HTTP but its health, so the module holds the
 * running manager for whoever looks for it and no controllers.
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  NestLogger,
  registerHealthRoutes,
  type Health,
  type ListenAddress,
  type Logger,
} from '@tidemark/service';

@Module({})
export class AppModule {
  static of(health: Health): DynamicModule {
    return { module: AppModule, providers: [{ provide: 'HEALTH', useValue: health }], exports: ['HEALTH'] };
  }
}

/** Serves /healthz, /readyz and /metrics; answers with the application and where it listens. */
export async function listenForHealth(
  health: Health,
  listen: ListenAddress,
  logger: Logger,
): Promise<{ readonly app: NestFastifyApplication; readonly address: string }> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(health), new FastifyAdapter(), {
    logger: new NestLogger(logger),
  });
  registerHealthRoutes(app.getHttpAdapter().getInstance(), health);
  await app.listen(listen);
  return { app, address: new URL(await app.getUrl()).host };
}
