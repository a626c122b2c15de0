/**
 * NestJS hides what a message handler throws: `{ status: 'error', message: 'Internal server error' }` arrives at the
 * transport, without class or stack. With this filter (`app.useGlobalFilters(new PassErrorsFilter())`) the error itself
 * arrives, so that retries can be told from hopeless cases and a dead letter names what happened.
 */
import { Catch } from '@nestjs/common';
import type { ArgumentsHost, RpcExceptionFilter } from '@nestjs/common';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';

@Catch()
export class PassErrorsFilter implements RpcExceptionFilter<Error> {
  catch(exception: Error, host: ArgumentsHost): Observable<never> {
    // Over HTTP an exception has its own way, the adapter's; this filter is for handlers of records only.
    if (host.getType() !== 'rpc') throw exception;
    return throwError(() => exception);
  }
}
