/**
 * Every way in which a request can be refused, as data: the code that replies and problem+json carry, the HTTP
 * status, and the title. `retryAfterSeconds` is set where the same request may succeed a little later.
 */

export interface ProblemDefinition {
  readonly status: number;
  readonly title: string;
  readonly retryAfterSeconds?: number;
}

export const PROBLEMS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  'idempotency-key-invalid': { status: 400, title: 'The Idempotency-Key is not usable' },
  unauthorized: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The API key does not allow this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'experiment-not-found': { status: 404, title: 'There is no such experiment' },
  'application-not-found': { status: 404, title: 'There is no such application' },
  'data-product-not-found': { status: 404, title: 'There is no such data product' },
  'method-not-allowed': { status: 405, title: 'The resource does not know this method' },
  'already-terminal': { status: 409, title: 'The experiment has ended' },
  'illegal-transition': { status: 409, title: 'The experiment is in another state' },
  'version-exists': { status: 409, title: 'This version is published with other content' },
  'digest-mismatch': { status: 409, title: 'The content does not have the promised hash' },
  'offset-expired': { status: 410, title: 'The log no longer holds this position' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not understood' },
  'range-not-satisfiable': { status: 416, title: 'There are no such bytes' },
  validation: { status: 422, title: 'The request does not fit' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'too-many-requests': { status: 429, title: 'Too many requests', retryAfterSeconds: 1 },
  internal: { status: 500, title: 'The platform has a fault' },
  'log-unavailable': { status: 503, title: 'The log does not answer', retryAfterSeconds: 1 },
  'no-reply': { status: 503, title: 'Nobody has answered in time', retryAfterSeconds: 1 },
  'catalog-behind': { status: 503, title: 'The catalog is being read', retryAfterSeconds: 1 },
  'position-not-reached': { status: 503, title: 'The view has not come this far', retryAfterSeconds: 1 },
  overloaded: { status: 503, title: 'Too much is waiting', retryAfterSeconds: 2 },
  'insufficient-storage': { status: 507, title: 'The content store is full' },
} as const satisfies Record<string, ProblemDefinition>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

export function problemDefinition(code: ProblemCode): ProblemDefinition {
  return PROBLEMS[code];
}
