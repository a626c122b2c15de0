/**
 * What `tidemark up` can be told: a table of settings, each with its flag, its environment variable, its default
 * and its range. All faults are reported together. Read by `up` alone; the processes get their own environment
 * from the plan.
 */
import { Fault } from '../console/fault.js';

export interface StackSettings {
  readonly brokers: number;
  /** Somebody asked for that many; otherwise a home that exists keeps its own number. */
  readonly brokersGiven: boolean;
  readonly replicas: number;
  readonly httpPort: number;
  readonly brokerPort: number;
  readonly brokerAdminPort: number;
  readonly postgresPort: number;
}

export interface Setting {
  readonly key: Exclude<keyof StackSettings, 'brokersGiven'>;
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
    key: 'brokers',
    flag: '--brokers',
    variable: 'TIDEMARK_BROKER_COUNT',
    fallback: 3,
    min: 1,
    max: 9,
    meaning: 'brokers of a new home; the first three vote',
  },
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
    meaning: 'Kafka port of broker-1, the next ones count on; 0 takes free ones',
  },
  {
    key: 'brokerAdminPort',
    flag: '--broker-admin-port',
    variable: 'TIDEMARK_BROKER_ADMIN_PORT',
    fallback: 9192,
    ...PORT,
    meaning: 'admin HTTP port of broker-1, the next ones count on; 0 takes free ones',
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
  const values: Partial<Record<Setting['key'], number>> = {};
  let brokersGiven = false;
  for (const setting of SETTINGS) {
    const flag = flags[setting.key];
    const fromEnvironment = environment[setting.variable];
    const [text, source] =
      typeof flag === 'string' ? [flag, setting.flag] : [fromEnvironment ?? '', setting.variable];
    if (text === '') {
      values[setting.key] = setting.fallback;
      continue;
    }
    if (setting.key === 'brokers') brokersGiven = true;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < setting.min || value > setting.max) {
      faults.push(`${source} must be a whole number from ${setting.min} to ${setting.max}, not '${text}'`);
    }
    values[setting.key] = value;
  }
  if (faults.length > 0) throw new Fault(faults.join('; '), 78);
  return { ...(values as Record<Setting['key'], number>), brokersGiven };
}
