/**
 * ApiVersions: which APIs are served in which versions; the handlers' own table is the answer, without what only
 * brokers ask each other. Asked by every client first, on every connection.
 *
 * A version that we do not know is answered in the layout of version 0 with UNSUPPORTED_VERSION and our range, so that
 * the client can ask again (KIP-511); its body is not looked at.
 */
import {
  ErrorCode,
  advertise,
  apiVersionsApi,
  type ApiFacts,
  type ApiVersionsResponse,
} from '@tidemark/wire';
import { defineHandler } from './handler.js';

const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;
const NAMED_SINCE = 3;

/** The answer to a request of a version from the future. */
export function unsupportedVersion(): ApiVersionsResponse {
  return {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: advertise([apiVersionsApi]),
    throttleTimeMs: 0,
  };
}

/** `served`: all APIs that this broker has a handler for, itself included. */
export const apiVersionsHandler = (served: () => readonly ApiFacts[]) =>
  defineHandler(apiVersionsApi, () => {
    let answer: ApiVersionsResponse | undefined;
    return (request, context, respond) => {
      const named =
        SOFTWARE_NAME.test(request.clientSoftwareName) && SOFTWARE_NAME.test(request.clientSoftwareVersion);
      answer ??= { errorCode: ErrorCode.NONE, apiKeys: advertise(served()), throttleTimeMs: 0 };
      if (context.apiVersion < NAMED_SINCE || named) respond(answer);
      else respond({ errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [], throttleTimeMs: 0 });
    };
  });
