// How an exception becomes an answer: our own problems, the framework's, and bugs, which show nothing but where to look.
import { BadRequestException, Controller, Get, Module, NotFoundException } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PROBLEMS } from '@tidemark/contracts';
import { NestLogger, silentLogger } from '@tidemark/service';
import { Problem, problemOfStatus } from './problem.js';
import { ProblemFilter, toProblem } from './problem.filter.js';

@Controller()
class BrokenController {
  @Get('broken')
  broken(): never {
    throw new TypeError('a secret');
  }
}

@Module({
  controllers: [BrokenController],
  providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
})
class BrokenModule {}

const framework = (statusCode: number): Error => Object.assign(new Error('refused'), { statusCode });

describe('problems', () => {
  it.each([
    [new Problem('already-terminal', 'it ended'), 'already-terminal', 409],
    [new NotFoundException('no route'), 'not-found', 404],
    [new BadRequestException('bad'), 'malformed', 400],
    [framework(413), 'too-large', 413],
    [framework(415), 'unsupported-media-type', 415],
    [new TypeError('secret path'), 'internal', 500],
    ['not even an error', 'internal', 500],
  ])('turns %p into %s', (exception, code, status) => {
    const problem = toProblem(exception);
    expect([problem.code, problem.status]).toEqual([code, status]);
  });

  it('tells nothing of a bug to the caller', () => {
    const body = toProblem(new TypeError('secret')).body('/v1/x', 'req-1');
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(body).toMatchObject({ type: '/problems/internal', instance: '/v1/x', traceId: 'req-1' });
  });

  it('finds a code of the right status for every status of the table', () => {
    for (const { status } of Object.values(PROBLEMS)) {
      expect(PROBLEMS[problemOfStatus(status)].status).toBe(status);
    }
  });

  it('logs a bug under the traceId that its caller was given', async () => {
    const lines: object[] = [];
    const logger = new NestLogger({ ...silentLogger, error: (fields) => void lines.push(fields) });
    const app = await NestFactory.create<NestFastifyApplication>(BrokenModule, new FastifyAdapter(), {
      logger,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}/broken`);
    const { traceId } = (await answer.json()) as { traceId: string };
    await app.close();
    expect(traceId).toMatch(/./);
    expect(lines).toEqual([
      { context: 'problem', traceId, error: expect.objectContaining({ message: 'a secret' }) as unknown },
    ]);
  });
});
