/**
 * SaslHandshake: there is no SASL here, so every mechanism is refused with an empty list of those that there are, and
 * the connection goes on (Q1). A client that insists on SASL learns why it gets nowhere, instead of being cut off.
 */
import { ErrorCode, saslHandshakeApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const saslHandshakeHandler = defineHandler(
  saslHandshakeApi,
  () => (_request, _context, respond) =>
    respond({ errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms: [] }),
);
