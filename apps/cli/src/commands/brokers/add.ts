/** `tidemark brokers add`: one broker more for the stack that runs, and for every later start of this home. */
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { brokerName } from '../../brokers/broker-plan.js';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment } from '../../stack/home.js';
import { addBroker, findSupervisor, listProcesses } from '../../supervisor/control-client.js';
import { command } from '../command.js';

const READY_BOUND_MS = 60_000;

export function addCommand(): Command {
  return command('add', 'start one broker more and take it into the cluster', async ({ console }) => {
    const supervisor = findSupervisor(homeFromEnvironment());
    if (supervisor === undefined) throw new Fault('no supervisor is running: "tidemark up" starts one');
    const id = await addBroker(supervisor);
    const name = brokerName(id);
    console.progress(`${name} starts`);
    const deadline = Date.now() + READY_BOUND_MS;
    for (;;) {
      const row = (await listProcesses(supervisor)).find((process) => process.name === name);
      if (row?.state === 'running') {
        console.line(
          `${name} is in the cluster at ${row.address}; new topics may use it, and "tidemark topics reassign" moves others`,
        );
        console.document({ id, name, address: row.address });
        return;
      }
      if (row?.state === 'failed' || Date.now() > deadline) {
        throw new Fault(`${name} does not get ready (${row?.state ?? 'gone'}): see "tidemark logs ${name}"`);
      }
      await delay(100);
    }
  });
}
