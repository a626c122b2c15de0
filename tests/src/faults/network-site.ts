/**
 * Machines that a network lies between: a namespace for each broker on one bridge, so that links between any two of them
 * can be cut one way or both, slowed down or made to lose packets. Holds the names of what it made; `remove` takes all of
 * it away. Clients run outside, on the bridge, and reach everybody unless a row cuts them off too.
 *
 * Tools are tried before they are believed: where a namespace, a bridge or a filter cannot be had, `open` says why.
 */
import { spawnSync } from 'node:child_process';
import type { ClusterOptions } from '../harness/broker-cluster.js';
import type { Site } from './row.js';

const BRIDGE = 'tmfaults';
const PREFIX = '10.213.7';
const GATEWAY = `${PREFIX}.254`;

export type Direction = 'both' | 'in' | 'out';

export class NetworkSite implements Site {
  private constructor(private readonly nodes: readonly number[]) {}

  /** The network, or why there is none. */
  static open(brokers = 3): NetworkSite | string {
    const missing = ['ip', 'iptables', 'tc'].filter((tool) => spawnSync(tool, ['-V']).error !== undefined);
    if (missing.length > 0) return `not on this machine: ${missing.join(', ')}`;
    const site = new NetworkSite(Array.from({ length: brokers }, (_, index) => index + 1));
    site.remove();
    try {
      site.build();
      site.prove();
      return site;
    } catch (error) {
      site.remove();
      return `no network of namespaces here: ${(error as Error).message}`;
    }
  }

  get options(): ClusterOptions {
    return {
      placeOf: (node) => ({ host: this.hostOf(node), within: ['ip', 'netns', 'exec', this.nameOf(node)] }),
    };
  }

  /** Drops what `node` gets from `peer`, or sends to it, or both. Every answer lost is a fault that bit. */
  cut(node: number, peer: number, direction: Direction = 'both', more: readonly string[] = []): void {
    this.cutHost(node, this.hostOf(peer), direction, more);
  }

  /** Drops what lies between a broker and the clients. */
  cutClients(node: number, direction: Direction = 'both'): void {
    this.cutHost(node, GATEWAY, direction, []);
  }

  /** Loses this share of the packets between two brokers, both ways. */
  lose(node: number, peer: number, probability: number): void {
    this.cut(node, peer, 'both', [
      ...['-m', 'statistic', '--mode', 'random'],
      ...['--probability', String(probability)],
    ]);
  }

  /** Everything that `node` sends goes through a link of this rate. */
  slow(node: number, rate: string): void {
    const link = ['dev', 'eth0', 'root', 'tbf', 'rate', rate, 'burst', '32kbit', 'latency', '400ms'];
    this.within(node, 'tc', 'qdisc', 'replace', ...link);
  }

  /** Packets that filters of `node` dropped since the last `heal`. */
  dropped(node: number): number {
    let packets = 0;
    for (const chain of ['INPUT', 'OUTPUT']) {
      for (const line of this.within(node, 'iptables', '-nvxL', chain).split('\n')) {
        if (line.includes('DROP') && !line.startsWith('Chain'))
          packets += Number(line.trim().split(/\s+/)[0]);
      }
    }
    return packets;
  }

  /** A slow link had more to send than it could. */
  backlogged(node: number): boolean {
    const shown = this.within(node, 'tc', '-s', 'qdisc', 'show', 'dev', 'eth0');
    return /overlimits [1-9]/.test(shown);
  }

  heal(): void {
    for (const node of this.nodes) {
      this.within(node, 'iptables', '-F');
      spawnSync('ip', ['netns', 'exec', this.nameOf(node), 'tc', 'qdisc', 'del', 'dev', 'eth0', 'root']);
    }
  }

  remove(): void {
    for (const node of this.nodes) {
      // The link first: a namespace lives on for a while after its name is gone, and its link with it.
      spawnSync('ip', ['link', 'del', `${BRIDGE}${node}`]);
      spawnSync('ip', ['netns', 'del', this.nameOf(node)]);
    }
    spawnSync('ip', ['link', 'del', BRIDGE]);
  }

  private cutHost(node: number, host: string, direction: Direction, more: readonly string[]): void {
    if (direction !== 'out') this.within(node, 'iptables', '-A', 'INPUT', '-s', host, ...more, '-j', 'DROP');
    if (direction !== 'in') this.within(node, 'iptables', '-A', 'OUTPUT', '-d', host, ...more, '-j', 'DROP');
  }

  private build(): void {
    run('ip', 'link', 'add', BRIDGE, 'type', 'bridge');
    run('ip', 'addr', 'add', `${GATEWAY}/24`, 'dev', BRIDGE);
    run('ip', 'link', 'set', BRIDGE, 'up');
    for (const node of this.nodes) {
      const [name, link] = [this.nameOf(node), `${BRIDGE}${node}`];
      run('ip', 'netns', 'add', name);
      run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      run('ip', 'link', 'set', link, 'master', BRIDGE, 'up');
      this.within(node, 'ip', 'addr', 'add', `${this.hostOf(node)}/24`, 'dev', 'eth0');
      this.within(node, 'ip', 'link', 'set', 'eth0', 'up');
      this.within(node, 'ip', 'link', 'set', 'lo', 'up');
    }
  }

  /** A filter that drops must be seen to drop. */
  private prove(): void {
    const reach = (): boolean =>
      spawnSync('ip', [
        ...['netns', 'exec', this.nameOf(1), process.execPath, '-e'],
        `require('net').connect(9,'${this.hostOf(2)}').on('error',(e)=>process.exit(e.code==='ECONNREFUSED'?0:1));setTimeout(()=>process.exit(1),1000)`,
      ]).status === 0;
    if (!reach()) throw new Error('namespaces do not reach each other');
    this.cut(1, 2);
    const isCut = !reach() && this.dropped(1) > 0;
    this.heal();
    if (!isCut) throw new Error('a filter dropped nothing');
  }

  private nameOf(node: number): string {
    return `${BRIDGE}-${node}`;
  }

  private hostOf(node: number): string {
    return `${PREFIX}.${node}`;
  }

  private within(node: number, ...command: readonly string[]): string {
    return run('ip', 'netns', 'exec', this.nameOf(node), ...command);
  }
}

function run(file: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
