/**
 * /problems and /problems/{code}: what each problem type means, for whoever follows the `type` of an answer.
 */
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from '@tidemark/contracts';
import { Open } from '../authentication/api-key.guard.js';
import { Problem } from './problem.js';

@Open()
@ApiTags('problems')
@Controller('problems')
export class ProblemsController {
  @Get()
  @ApiOperation({ summary: 'Every problem that an answer may name' })
  list(): object {
    return { items: Object.entries(PROBLEMS).map(([code, definition]) => ({ code, ...definition })) };
  }

  @Get(':code')
  @ApiOperation({ summary: 'One problem type' })
  get(@Param('code') code: string): object {
    if (!Object.hasOwn(PROBLEMS, code)) throw new Problem('not-found', 'There is no such problem.');
    return { code, ...PROBLEMS[code as ProblemCode] };
  }
}
