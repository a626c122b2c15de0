/**
 * The HTTP side of the process: Nest on Fastify with its limits, the upload streams, the OpenAPI document at
 * /openapi.json and its page at /docs. Called once by main.ts.
 */
import multipart from '@fastify/multipart';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { Random } from '@tidemark/platform';
import { registerHealthRoutes, type Health, type NestLogger } from '@tidemark/service';
import { AppModule, type Composition } from '../app.module.js';
import type { FastifyRequest, RequestPayload } from 'fastify';
import { Problem } from '../problems/problem.js';
import { UPLOAD_BYTES_MAX } from '../data-products/data-products.controller.js';

/** Bytes of a JSON body. */
const BODY_BYTES_MAX = 1024 * 1024;
/** Bytes of a refused body that are read and forgotten before the refusal. */
const DRAINED_BYTES_MAX = 16 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;
/** An upload may take its time, but not for ever. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;

export interface HttpServerOptions {
  readonly composition: Composition;
  readonly health: Health;
  readonly random: Random;
  readonly logger: NestLogger;
}

export async function createHttpServer(options: HttpServerOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: 300 },
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    requestIdHeader: false,
    // The traceId of problems and log lines: one of its kind over all replicas and restarts.
    genReqId: () => options.random.uuid(),
  });
  const fastify = adapter.getInstance();
  // Uploads stay streams; the content store counts their bytes.
  fastify.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  fastify.addHook('preParsing', refuseTooLarge);
  await fastify.register(multipart, {
    limits: { fileSize: UPLOAD_BYTES_MAX + 1, files: 1, fields: 8, fieldSize: 4096, parts: 9 },
    throwFileSizeLimit: false,
  });
  registerHealthRoutes(fastify, options.health);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(options.composition), adapter, {
    logger: options.logger,
    abortOnError: false,
  });
  const document = openApi(app);
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json' });
  return app;
}

/**
 * Refuses a body that says that it is too large, once its bytes have passed: a refusal sent into the middle of them is
 * lost where somebody (a proxy) still writes. What is far too large is refused at once.
 */
function refuseTooLarge(
  request: FastifyRequest,
  _reply: unknown,
  payload: RequestPayload,
  done: (error: Error | null, payload?: RequestPayload) => void,
): void {
  const bytes = Number(request.headers['content-length'] ?? 0);
  const isUpload = /^(?:application\/octet-stream|multipart\/form-data)/.test(
    request.headers['content-type'] ?? '',
  );
  if (isUpload || !(bytes > BODY_BYTES_MAX)) {
    done(null, payload);
    return;
  }
  const problem = new Problem('too-large', `A body has at most ${BODY_BYTES_MAX} bytes.`);
  if (bytes > DRAINED_BYTES_MAX) {
    done(problem);
    return;
  }
  payload.once('end', () => done(problem));
  payload.resume();
}

/** OpenAPI 3.1 from the very schemas that validate; the verbs of an experiment get a path each. */
export function openApi(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Tidemark')
    .setDescription('Runs scientific jobs on a replicated log. Errors are application/problem+json.')
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'api-key')
    .addSecurityRequirements('api-key');
  const document = SwaggerModule.createDocument(app, builder.build());
  const verbs = document.paths['/v1/experiments/{idAndVerb}'];
  if (verbs?.post === undefined) return document;
  for (const verb of ['cancel', 'launch']) {
    const id = { name: 'id', in: 'path' as const, required: true, schema: { type: 'string' as const } };
    const post = {
      ...verbs.post,
      operationId: `${verb}Experiment`,
      summary: `${verb} an experiment`,
      parameters: [id],
    };
    document.paths[`/v1/experiments/{id}:${verb}`] = { post };
  }
  delete document.paths['/v1/experiments/{idAndVerb}'];
  return document;
}
