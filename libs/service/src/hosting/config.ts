/**
 * Configuration from the environment: a service lists its settings with a variable name and a zod schema each, and
 * gets either a frozen object or *all* faults together, so that a person fixes them in one go. Pure; main.ts passes
 * the environment in, prints the faults on stderr and exits with 78 (EX_CONFIG).
 */
import { z } from 'zod';

export const EXIT_CONFIG = 78;

export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly variable: string;
  readonly schema: Schema;
}

export type Settings = Readonly<Record<string, Setting>>;

export type ConfigOf<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer Schema> ? z.output<Schema> : never;
};

export type ConfigResult<S extends Settings> =
  { readonly config: ConfigOf<S> } | { readonly faults: readonly string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

export function setting<Schema extends z.ZodType>(variable: string, schema: Schema): Setting<Schema> {
  return { variable, schema };
}

/** An empty variable counts as one that is not set. */
export function readConfig<S extends Settings>(settings: S, environment: Environment): ConfigResult<S> {
  const config: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, { variable, schema }] of Object.entries(settings)) {
    const text = environment[variable];
    const parsed = schema.safeParse(text === '' ? undefined : text);
    if (parsed.success) {
      config[name] = parsed.data;
    } else if (text === undefined || text === '') {
      faults.push(`${variable} is not set`);
    } else {
      const reasons = parsed.error.issues.map((issue) => issue.message).join('; ');
      faults.push(`${variable}=${JSON.stringify(text.slice(0, 200))}: ${reasons}`);
    }
  }
  if (faults.length > 0) return { faults };
  return { config: Object.freeze(config) as ConfigOf<S> };
}

/** host:port; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253}):(\d{1,5})$/;

function parseAddress(text: string): ListenAddress | undefined {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[2]);
  return match?.[1] === undefined || port > 65_535
    ? undefined
    : { host: match[1].replace(/[[\]]/g, ''), port };
}

export const addressSchema = z.string().transform((text, context): ListenAddress => {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  context.addIssue({ code: 'custom', message: 'expected host:port' });
  return z.NEVER;
});

export const brokersSchema = z.string().transform((text, context): readonly string[] => {
  const brokers = text.split(',').map((part) => part.trim());
  const wrong = brokers.filter((part) => (parseAddress(part)?.port ?? 0) === 0);
  if (wrong.length === 0) return brokers;
  context.addIssue({ code: 'custom', message: 'expected host:port[,host:port...]' });
  return z.NEVER;
});

/** A whole number within bounds, written in decimal. */
export function integerSchema(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, 'expected a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected ${min} to ${max}`);
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What every service is configured with; a service adds its own. */
export const COMMON_SETTINGS = {
  name: setting(
    'TIDEMARK_NAME',
    z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a name such as api-server-1'),
  ),
  brokers: setting('TIDEMARK_BROKERS', brokersSchema),
  listen: setting('TIDEMARK_LISTEN', addressSchema.prefault('127.0.0.1:0')),
  runFile: setting('TIDEMARK_RUN_FILE', z.string().optional()),
  content: setting('TIDEMARK_CONTENT', z.string()),
  logLevel: setting('TIDEMARK_LOG_LEVEL', z.enum(LOG_LEVELS).default('info')),
} as const;
