/**
 * An answer that is not the one the caller hoped for: thrown by controllers, turned into application/problem+json by
 * `ProblemFilter` and nowhere else. Codes, statuses and titles are those of the table in `@tidemark/contracts`.
 */
import { PROBLEMS, problemDefinition, type Fault, type ProblemCode } from '@tidemark/contracts';

export interface ProblemExtras {
  readonly errors?: readonly Fault[] | undefined;
  /** More members of the answer, such as the final state of an experiment. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** More headers, such as Content-Range. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(`${code}: ${detail}`);
  }

  get status(): number {
    return problemDefinition(this.code).status;
  }

  get headers(): Readonly<Record<string, string>> {
    const { retryAfterSeconds } = problemDefinition(this.code);
    return {
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...this.extras.headers,
    };
  }

  /** The body of the answer (RFC 9457); `instance` is the path that was asked. */
  body(instance: string, traceId: string): Readonly<Record<string, unknown>> {
    return {
      type: `/problems/${this.code}`,
      title: problemDefinition(this.code).title,
      status: this.status,
      detail: this.detail,
      instance,
      traceId,
      ...(this.extras.errors === undefined ? {} : { errors: this.extras.errors }),
      ...this.extras.members,
    };
  }
}

/** Statuses that several codes share, or none has: which code an error of the framework gets. */
const OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'illegal-transition',
  422: 'validation',
  429: 'too-many-requests',
  503: 'overloaded',
};

export function problemOfStatus(status: number): ProblemCode {
  const general = OF_STATUS[status];
  if (general !== undefined) return general;
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  const exact = codes.find((code) => problemDefinition(code).status === status);
  return exact ?? (status >= 500 ? 'internal' : 'malformed');
}
