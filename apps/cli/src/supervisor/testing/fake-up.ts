/**
 * `tidemark up` with two fake services in place of the stack, for raise.spec.ts, which runs it as a process of its own
 * and kills it. Home in TIDEMARK_HOME; `--fresh` as for the command. Prints `up` when ready.
 */
import { homeFromEnvironment } from '../../stack/home.js';
import { Fault } from '../../console/fault.js';
import { raiseStack } from '../raise.js';
import { fakePlan } from './fake-stack.js';

const interrupt = new AbortController();
process.on('SIGTERM', () => interrupt.abort());

try {
  const stack = await raiseStack({
    home: homeFromEnvironment(),
    settings: {
      brokers: 1,
      brokersGiven: false,
      replicas: 1,
      httpPort: 0,
      brokerPort: 0,
      brokerAdminPort: 0,
      postgresPort: 0,
    },
    fresh: process.argv.includes('--fresh'),
    interrupt: interrupt.signal,
    report: (line) => process.stderr.write(`${line}\n`),
    plan: (home) => [
      fakePlan(home, 'api-server-1'),
      fakePlan(home, 'front-door-1', { kind: 'front-door', after: ['api-server-1'] }),
    ],
  });
  process.stdout.write('up\n');
  await stack.gone;
  process.stdout.write('gone\n');
  process.exit(0);
} catch (cause) {
  process.stdout.write(`${cause instanceof Fault ? cause.message : String(cause)}\n`);
  process.exit(1);
}
