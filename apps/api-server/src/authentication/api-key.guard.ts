/**
 * Lets a request pass that carries a valid key, and hangs its principal on the request. Every route is guarded unless
 * it says `@Open()`: a route that was forgotten is closed, not open.
 */
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '../problems/problem.js';
import { ApiKeys } from './api-key.js';
import type { Authenticated } from './asked-by.js';

const OPEN = 'tidemark:open';

/** Marks a route that needs no key: the description of the API and of its problems. */
export const Open = (): MethodDecorator & ClassDecorator => SetMetadata(OPEN, true);

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(OPEN, [context.getHandler(), context.getClass()]))
      return true;
    const request = context.switchToHttp().getRequest<Authenticated>();
    const principal = this.keys.principalOf(request.headers);
    if (principal === undefined) {
      throw new Problem('unauthorized', 'The request carries no valid API key.', {
        headers: { 'www-authenticate': 'Bearer realm="tidemark"' },
      });
    }
    request.principal = principal;
    return true;
  }
}
