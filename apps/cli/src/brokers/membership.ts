/**
 * Brokers that come to a running stack, and go: the supervisor's half of `brokers add` and `brokers remove`. Holds the
 * cluster file and the ports as they are now; the moving of data is the commands' own affair, by the wire.
 */
import { Fault } from '../console/fault.js';
import { withBroker, withoutBroker, writeCluster, type ClusterFile } from './cluster-file.js';
import type { Home } from '../stack/home.js';
import { claimBrokerPorts, type Ports } from '../stack/ports.js';
import type { StackSettings } from '../stack/settings.js';
import { brokerName } from './broker-plan.js';
import { planBroker } from '../supervisor/stack-plan.js';
import type { Supervisor } from '../supervisor/supervisor.js';

export interface MembershipOptions {
  readonly home: Home;
  readonly settings: StackSettings;
}

export class Membership {
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: MembershipOptions,
    private readonly supervisor: Supervisor,
    private cluster: ClusterFile,
    private ports: Ports,
  ) {}

  /** Starts one broker more, an observer, and remembers it. Answers its id at once: it is ready when `ps` says so. */
  add(): Promise<number> {
    return this.#inTurn(async () => {
      const { home, settings } = this.options;
      const { file, id } = withBroker(this.cluster);
      const claimed = await claimBrokerPorts(settings, [id]);
      const ports: Ports = { ...this.ports, brokers: { ...this.ports.brokers, ...claimed } };
      const plan = planBroker(home, file, ports, id);
      this.#keep(file, ports);
      this.supervisor.add(plan, ports);
      return id;
    });
  }

  /** Ends a broker for good. Its directory stays. Rejects with a `Fault` for a voter and for one that is not there. */
  remove(id: number): Promise<void> {
    return this.#inTurn(async () => {
      const broker = this.cluster.brokers.find((one) => one.id === id);
      if (broker === undefined) throw new Fault(`there is no broker ${id}`);
      if (broker.voter)
        throw new Fault(`broker ${id} is a voter of the metadata quorum and cannot be removed`);
      await this.supervisor.remove(brokerName(id));
      const { [id]: _gone, ...brokers } = this.ports.brokers;
      this.#keep(withoutBroker(this.cluster, id), { ...this.ports, brokers });
    });
  }

  #keep(cluster: ClusterFile, ports: Ports): void {
    writeCluster(this.options.home, cluster);
    this.cluster = cluster;
    this.ports = ports;
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
