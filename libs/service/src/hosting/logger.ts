/**
 * Logs: JSON lines by pino on stdout, and the same logger behind NestJS's own interface. `Logger` is the small part
 * of pino that our code uses, so that specs can pass their own.
 */
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Logger;
}

/** Values under these names never reach a log line, wherever a library puts them. */
const REDACTED = [
  'authorization',
  'headers.authorization',
  'req.headers.authorization',
  'apiKey',
  'password',
];

export function createLogger(options: { readonly name: string; readonly level: string }): Logger {
  return pino({
    level: options.level,
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** For specs and for callers that want no log. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

/**
 * NestJS passes the message first and the context (a class name) or a stack behind it; an object between them is
 * fields for the line.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.info(fieldsOf(rest), textOf(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(fieldsOf(rest), textOf(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    const error = message instanceof Error ? { error: describeError(message) } : {};
    this.logger.error({ ...fieldsOf(rest), ...error }, textOf(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.error(message, ...rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(rest), textOf(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(rest), textOf(message));
  }
}

/** An error as fields of a log line: its class, message and stack, and the same of its cause. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { class: error.name, message: error.message, stack: error.stack, ...cause };
}

function textOf(message: unknown): string {
  if (message instanceof Error) return message.message;
  return typeof message === 'string' ? message : JSON.stringify(message);
}

function fieldsOf(rest: readonly unknown[]): object {
  const texts = rest.filter((part) => typeof part === 'string');
  const fields: [string, unknown][] = rest.flatMap((part) =>
    typeof part === 'object' && part !== null ? Object.entries(part) : [],
  );
  const context = texts.at(-1);
  return {
    ...Object.fromEntries(fields),
    ...(context === undefined ? {} : { context }),
    ...(texts.length > 1 ? { stack: texts[0] } : {}),
  };
}
