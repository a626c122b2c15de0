/**
 * What `tidemark up` can be told: a table of settings, each with its flag, its environment variable, its default
 * and its range. All faults are reported together. Read by `up` alone; the processes get their own environment
 * from the plan.
 */
import { Fault } from '../console/fault.js';

export interface StackSettings {
  readonly replicas: number;
  readonly httpPort: number;
  readonly brokerPort: number;
  readonly brokerAdminPort: number;
  readonly postgresPort: number;
}

export interface Setting {
  readonly key: keyof StackSettings;
  readonly flag: string;
  readonly variable: string;
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

const PORT = { min: 0, max: 65_535 };

export const SETTINGS: readonly Setting[] = [
  {
    key: 'replicas',
    flag: '--replicas',
    variable: 'TIDEMARK_REPLICAS',
    fallback: 2,
    min: 1,
    max: 9,
    meaning: 'replicas of each service',
  },
  {
    key: 'httpPort',
    flag: '--http-port',
    variable: 'TIDEMARK_HTTP_PORT',
    fallback: 8080,
    ...PORT,
    meaning: 'port of the front door; 0 takes a free one',
  },
  {
    key: 'brokerPort',
    flag: '--broker-port',
    variable: 'TIDEMARK_BROKER_PORT',
    fallback: 9092,
    ...PORT,
    meaning: 'Kafka port of broker-1; 0 takes a free one',
  },
  {
    key: 'brokerAdminPort',
    flag: '--broker-admin-port',
    variable: 'TIDEMARK_BROKER_ADMIN_PORT',
    fallback: 9192,
    ...PORT,
    meaning: 'admin HTTP port of broker-1; 0 takes a free one',
  },
  {
    key: 'postgresPort',
    flag: '--postgres-port',
    variable: 'TIDEMARK_POSTGRES_PORT',
    fallback: 0,
    ...PORT,
    meaning: 'port of postgres-1; 0 takes a free one',
  },
];

/** Flags win over the environment. Throws one `Fault` that names every value that cannot be used. */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv = process.env,
): StackSettings {
  const faults: string[] = [];
  const values: Partial<Record<keyof StackSettings, number>> = {};
  for (const setting of SETTINGS) {
    const flag = flags[setting.key];
    const fromEnvironment = environment[setting.variable];
    const [text, source] =
      typeof flag === 'string' ? [flag, setting.flag] : [fromEnvironment ?? '', setting.variable];
    if (text === '') {
      values[setting.key] = setting.fallback;
      continue;
    }
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < setting.min || value > setting.max) {
      faults.push(`${source} must be a whole number from ${setting.min} to ${setting.max}, not '${text}'`);
    }
    values[setting.key] = value;
  }
  if (faults.length > 0) throw new Fault(faults.join('; '), 78);
  return values as StackSettings;
}
