/** The simulated doors: what a crash leaves of a disk, what arrives over a network, and in what order things happen. */
import {
  writeFileAtomically,
  type Connection,
  type ConnectionOwner,
  type NetworkError,
} from '@tidemark/platform';
import { nodeClock } from '@tidemark/platform/node';
import { DiskImage } from './disk-image.js';
import { Incarnation, KilledError } from './incarnation.js';
import { NetworkHub } from './network-hub.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedNetwork } from './simulated-network.js';
import { VirtualClock } from './virtual-clock.js';
import { World } from './world.js';

const turns = (next: () => void): void => nodeClock.defer(next);

describe('seeded random', () => {
  it('gives the same stream for the same seed and purpose, whatever else is drawn', () => {
    const one = new SeededRandom(7);
    const other = new SeededRandom(7);
    other.fork('elsewhere').below(10);
    const draw = (random: SeededRandom): number[] => Array.from({ length: 20 }, () => random.below(1000));
    expect(draw(one.fork('net'))).toEqual(draw(other.fork('net')));
    expect(draw(one.fork('net'))).not.toEqual(draw(one.fork('disk')));
    expect(one.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('virtual time', () => {
  it('fires timers in order, and the promises of one before the next', async () => {
    const world = new World(turns);
    const clock = new VirtualClock(world, new Incarnation(1, 1));
    const told: string[] = [];
    clock.setTimer(20, () => told.push('later'));
    clock.setTimer(10, () => {
      told.push('first');
      clock.defer(() => told.push('end of the turn'));
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => told.push('promise'));
    });
    clock.setTimer(10, () => told.push('second'));
    clock.setTimer(15, () => told.push('never')).cancel();
    await world.run(100);
    expect(told).toEqual(['first', 'promise', 'end of the turn', 'second', 'later']);
    expect(world.now).toBe(100);
  });

  it('forgets what a dead process wanted, and keeps what a stopped one waits for', async () => {
    const world = new World(turns);
    const [dead, stopped] = [new Incarnation(1, 1), new Incarnation(2, 1)];
    const told: string[] = [];
    new VirtualClock(world, dead).setTimer(10, () => told.push('dead'));
    new VirtualClock(world, stopped).setTimer(10, () => told.push('stopped'));
    dead.alive = false;
    stopped.stopped = true;
    await world.run(50);
    expect(told).toEqual([]);
    world.resume(stopped);
    await world.run(60);
    expect(told).toEqual(['stopped']);
  });
});

describe('simulated disk', () => {
  const text = (bytes: string): Uint8Array => Buffer.from(bytes);

  function opened(seed: number): { world: World; image: DiskImage; owner: Incarnation; disk: SimulatedDisk } {
    const world = new World(turns);
    const random = new SeededRandom(seed);
    const image = new DiskImage(random.fork('image'));
    const owner = new Incarnation(1, 1);
    const disk = new SimulatedDisk({ world, image, owner, random, onKilled: () => undefined });
    disk.makeDirectorySync('/data');
    disk.syncDirectorySync('/');
    return { world, image, owner, disk };
  }

  const contentOf = (disk: SimulatedDisk, path: string): string => {
    const file = disk.openSync(path, 'read');
    const bytes = Buffer.alloc(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    return bytes.toString();
  };

  it('keeps after a power loss what was synced, and of the rest a prefix, zeros or nothing', () => {
    const endings = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { image, disk } = opened(seed);
      const file = disk.openSync('/data/log', 'create');
      file.writeSync(text('synced'), 0, 6, 0);
      file.syncSync();
      disk.syncDirectorySync('/data');
      file.writeSync(text('-and-not'), 0, 8, 6);
      image.losePower();
      const left = contentOf(disk, '/data/log');
      expect(left.startsWith('synced')).toBe(true);
      expect('synced-and-not'.startsWith(left.replace(/\0+$/, ''))).toBe(true);
      endings.add(
        left.length === 6 ? 'lost' : left.length < 14 ? 'torn' : left.endsWith('\0') ? 'zeros' : 'kept',
      );
    }
    expect([...endings].sort()).toEqual(['kept', 'lost', 'torn', 'zeros']);
  });

  it('loses names whose directory was not synced, and never half of a rename', () => {
    const endings = new Set<string>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const { image, disk } = opened(seed);
      writeFileAtomically(disk, '/data/checkpoint', text('old'));
      const file = disk.openSync('/data/checkpoint.tmp', 'create');
      file.writeSync(text('new'), 0, 3, 0);
      file.syncSync();
      disk.renameSync('/data/checkpoint.tmp', '/data/checkpoint');
      image.losePower();
      endings.add(contentOf(disk, '/data/checkpoint'));
    }
    expect([...endings].sort()).toEqual(['new', 'old']);
  });

  it('takes a part of what does not fit, then refuses; truncating makes room', () => {
    const { image, disk } = opened(1);
    const file = disk.openSync('/data/log', 'create');
    image.trouble.freeBytes = 4;
    expect(file.writeSync(text('sixsix'), 0, 6, 0)).toBe(4);
    expect(() => file.writeSync(text('x'), 0, 1, 4)).toThrow('no space');
    file.truncateSync(2);
    expect(file.writeSync(text('ab'), 0, 2, 2)).toBe(2);
  });

  it('dies in the middle of a call, and lets nothing happen after it', () => {
    const { owner, disk } = opened(1);
    const file = disk.openSync('/data/log', 'create');
    disk.killAfter = 1;
    file.writeSync(text('a'), 0, 1, 0);
    expect(() => file.writeSync(text('b'), 0, 1, 1)).toThrow(KilledError);
    expect(owner.alive).toBe(false);
    expect(() => file.sizeSync()).toThrow(KilledError);
  });
});

class Listening implements ConnectionOwner {
  text = '';
  end = '';
  drains = 0;
  private readonly space = new Uint8Array(3);
  receiveSpace(): Uint8Array {
    return this.space;
  }
  received(count: number): void {
    this.text += Buffer.from(this.space.subarray(0, count)).toString();
  }
  drained(): void {
    this.drains += 1;
  }
  closed(byPeer: boolean, error?: Error): void {
    this.end = `${byPeer ? 'peer' : 'self'}${error === undefined ? '' : ' by error'}`;
  }
}

describe('simulated network', () => {
  async function connected(seed = 1): Promise<{
    world: World;
    hub: NetworkHub;
    client: Connection;
    at: Listening;
    server: Connection;
    behind: Listening;
    serving: Incarnation;
  }> {
    const world = new World(turns);
    const hub = new NetworkHub(world, new SeededRandom(seed));
    const serving = new Incarnation(1, 1);
    const behind = new Listening();
    let server: Connection | undefined;
    let client: Connection | undefined;
    await new SimulatedNetwork(hub, serving, 'a').listen({ host: 'a', port: 1 }, (connection) => {
      server = connection;
      connection.attach(behind);
    });
    const asking = new SimulatedNetwork(hub, new Incarnation(2, 1), 'b');
    void asking.connect({ host: 'a', port: 1 }, 100).then((connection) => (client = connection));
    await world.run(50, () => client !== undefined && server !== undefined);
    const at = new Listening();
    client!.attach(at);
    return { world, hub, client: client!, at, server: server!, behind, serving };
  }

  it('delivers bytes in order, whatever happens to the buffer meanwhile', async () => {
    const { world, hub, client, behind } = await connected();
    hub.chunkBytes = 4;
    const buffer = Buffer.from('0123456789');
    client.write(buffer);
    buffer.fill(0);
    client.write(Buffer.from('abcdef'));
    await world.run(100);
    expect(behind.text).toBe('0123456789abcdef');
  });

  it('holds what is sent into a partition, and delivers it when that is over', async () => {
    const { world, hub, client, behind } = await connected();
    hub.link('b', 'a').blocks += 1;
    client.write(Buffer.from('held'));
    await world.run(1_000);
    expect(behind.text).toBe('');
    expect(hub.heldUp).toBeGreaterThan(0);
    hub.link('b', 'a').unblock();
    await world.run(1_100);
    expect(behind.text).toBe('held');
  });

  it('tells the peer of a killed process, and of a machine without power only when that is back', async () => {
    const killed = await connected();
    killed.serving.alive = false;
    killed.hub.killed(killed.serving, 'a', false);
    await killed.world.run(100);
    expect(killed.at.end).toMatch(/^peer/);
    const dark = await connected();
    dark.serving.alive = false;
    dark.hub.killed(dark.serving, 'a', true);
    await dark.world.run(1_000);
    expect(dark.at.end).toBe('');
    dark.hub.powered('a');
    await dark.world.run(1_100);
    expect(dark.at.end).toMatch(/^peer/);
  });

  it('asks a sender to wait while the peer does not read', async () => {
    const { world, hub, client, at, server, behind } = await connected();
    hub.windowBytes = 10;
    server.pause();
    expect(client.write(Buffer.from('0123456789ab'))).toBe(false);
    expect(client.pendingBytes).toBe(12);
    await world.run(100);
    expect(behind.text).toBe('');
    server.resume();
    await world.run(200);
    expect(behind.text).toBe('0123456789ab');
    expect([at.drains, client.pendingBytes]).toEqual([1, 0]);
  });

  it('refuses where nobody listens, and says nothing where there is no power or no way', async () => {
    const world = new World(turns);
    const hub = new NetworkHub(world, new SeededRandom(1));
    const network = new SimulatedNetwork(hub, new Incarnation(2, 1), 'b');
    const outcome = async (): Promise<string> => {
      let code = '';
      network
        .connect({ host: 'a', port: 1 }, 50)
        .catch((error: unknown) => (code = (error as NetworkError).code));
      await world.run(world.now + 100);
      return code;
    };
    expect(await outcome()).toBe('refused');
    hub.dark.add('a');
    expect(await outcome()).toBe('timeout');
    hub.dark.clear();
    hub.link('a', 'b').blocks += 1;
    expect(await outcome()).toBe('timeout');
  });
});
