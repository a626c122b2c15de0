/** A broker's membership, whose controller the spec plays: joining, heartbeats, other controllers, and leaving. */
import { DiskError } from '@tidemark/platform';
import { nodeRandom } from '@tidemark/platform/node';
import { ErrorCode } from '@tidemark/wire';
import { pino } from 'pino';
import { Deadlines } from '../../replicas/deadlines.js';
import { ClusterStory, brokers } from '../../testing/cluster-story.js';
import { ManualClock } from '../../testing/manual-clock.js';
import { ScriptedController } from '../../testing/scripted-controller.js';
import { ScriptedPeers, refused } from '../../testing/scripted-peers.js';
import { BrokerLifecycle } from './broker-lifecycle.js';

const ADDRESS = { host: 'here', port: 9092 };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const clock = new ManualClock();
  const controller = new ScriptedController(new ClusterStory(brokers(3)));
  const scripted = new ScriptedPeers();
  const remembered: number[] = [];
  const disk = { full: false };
  const lifecycle = new BrokerLifecycle({
    controller,
    peers: scripted.peers,
    deadlines: new Deadlines(clock),
    random: nodeRandom,
    logger: pino({ level: 'silent' }),
    brokerId: 2,
    clusterId: 'cluster',
    directoryId: '00000000-0000-4000-8000-000000000002',
    previousBrokerEpoch: 7,
    heartbeatIntervalMs: 150,
    sessionTimeoutMs: 3000,
    remember: (epoch) => {
      if (disk.full) throw new DiskError('no-space', '/data/broker-registration.tmp', 'no space left');
      remembered.push(epoch);
    },
  });
  const outcome: string[] = [];
  const join = (): void => {
    lifecycle.join(ADDRESS).then(
      () => outcome.push('joined'),
      (error: unknown) => outcome.push(String(error)),
    );
    clock.advance(0);
  };
  const register = (brokerEpoch: number): void => {
    scripted.next().answer({ errorCode: ErrorCode.NONE, brokerEpoch });
    clock.advance(0);
  };
  const beat = (answer: object = {}): object => {
    const asked = scripted.next();
    const usual = { errorCode: ErrorCode.NONE, isCaughtUp: true, isFenced: false, shouldShutDown: false };
    asked.answer({ ...usual, ...answer });
    clock.advance(0);
    return asked.request as object;
  };
  return { clock, controller, scripted, remembered, disk, lifecycle, outcome, join, register, beat };
}

describe('a broker', () => {
  it('registers, remembers its epoch before it uses it, and has joined when it is unfenced', async () => {
    const { clock, controller, scripted, remembered, outcome, join, register, beat } = setUp();
    join();
    expect(scripted.asked[0]).toMatchObject({
      brokerId: 1,
      api: 'BrokerRegistration',
      request: { brokerId: 2, clusterId: 'cluster', previousBrokerEpoch: 7, listeners: [ADDRESS] },
    });
    register(40);
    expect([remembered, controller.toldFrom]).toEqual([[40], 40]);
    expect(beat({ isFenced: true })).toMatchObject({ brokerEpoch: 40, currentMetadataOffset: -1 });
    controller.knownOffset = 41;
    clock.advance(10);
    expect(beat()).toMatchObject({ currentMetadataOffset: 41, wantShutDown: false });
    await settled();
    expect(outcome).toEqual(['joined']);
  });

  it('registers again when its disk has no room for the registration, having lost nothing', () => {
    const { clock, scripted, disk, lifecycle, join, register } = setUp();
    join();
    disk.full = true;
    register(40);
    expect(lifecycle.brokerEpoch).toBe(-1);
    disk.full = false;
    clock.advance(50);
    expect(scripted.asked[0]).toMatchObject({ request: { previousBrokerEpoch: 40 } });
    register(41);
    expect(lifecycle.brokerEpoch).toBe(41);
  });

  it('sends a heartbeat each interval, one at a time', () => {
    const { clock, scripted, join, register, beat } = setUp();
    join();
    register(40);
    beat();
    expect(scripted.asked).toHaveLength(0);
    clock.advance(150);
    expect(scripted.asked).toHaveLength(1);
    clock.advance(1000);
    expect(scripted.asked).toHaveLength(1);
  });

  it('goes to another controller as soon as it knows of one, and tries again where nobody is', () => {
    const { clock, controller, scripted, join, register, beat } = setUp();
    join();
    register(40);
    beat();
    controller.lead(3);
    clock.advance(0);
    expect(scripted.asked[0]?.brokerId).toBe(3);
    scripted.next().answer(refused);
    clock.advance(50);
    expect(scripted.next()).toMatchObject({ brokerId: 3, api: 'BrokerHeartbeat' });
  });

  it('asks the new controller at once, whatever the old one still owes an answer', () => {
    const { clock, controller, scripted, lifecycle, join, register, beat } = setUp();
    join();
    register(40);
    beat();
    clock.advance(150);
    const owed = scripted.next();
    controller.lead(3);
    clock.advance(0);
    expect(scripted.next()).toMatchObject({ brokerId: 3, api: 'BrokerHeartbeat' });
    owed.answer({ errorCode: ErrorCode.STALE_BROKER_EPOCH });
    expect(lifecycle.brokerEpoch).toBe(40);
  });

  it('waits while nobody leads', () => {
    const { clock, controller, scripted, join } = setUp();
    controller.lead(-1);
    join();
    clock.advance(200);
    expect(scripted.asked).toHaveLength(0);
    controller.lead(1);
    clock.advance(0);
    expect(scripted.asked).toHaveLength(1);
  });

  it('registers anew when its registration is not known any more, with the epoch that it had', () => {
    const { clock, scripted, lifecycle, join, register, beat } = setUp();
    join();
    register(40);
    beat({ errorCode: ErrorCode.STALE_BROKER_EPOCH });
    expect(lifecycle.brokerEpoch).toBe(-1);
    clock.advance(50);
    expect(scripted.asked[0]).toMatchObject({
      api: 'BrokerRegistration',
      request: { previousBrokerEpoch: 40 },
    });
  });

  it.each([ErrorCode.INCONSISTENT_CLUSTER_ID, ErrorCode.INVALID_REGISTRATION])(
    'gives up when the cluster does not take it (%i)',
    async (errorCode) => {
      const { clock, scripted, outcome, join } = setUp();
      join();
      scripted.next().answer({ errorCode, brokerEpoch: -1 });
      await settled();
      expect(outcome).toEqual([expect.stringMatching(/does not take this broker/)]);
      clock.advance(1000);
      expect(scripted.asked).toHaveLength(0);
    },
  );

  it('waits for another broker of its id to be gone, but not for ever', async () => {
    const { clock, scripted, outcome, join } = setUp();
    join();
    for (let tries = 0; scripted.asked.length > 0 && tries < 1000; tries++) {
      scripted.next().answer({ errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION, brokerEpoch: -1 });
      clock.advance(50);
    }
    await settled();
    expect(outcome).toEqual([expect.stringMatching(/another running broker has the id 2/)]);
    expect(clock.monotonic()).toBeGreaterThan(9000);
  });

  it('leaves when its leadership has moved', async () => {
    const { clock, lifecycle, join, register, beat } = setUp();
    join();
    register(40);
    beat();
    let left = false;
    void lifecycle.leave(3000).then(() => (left = true));
    clock.advance(0);
    expect(beat({ isFenced: false })).toMatchObject({ wantShutDown: true });
    await settled();
    expect(left).toBe(false);
    clock.advance(10);
    beat({ isFenced: true, shouldShutDown: true });
    await settled();
    expect(left).toBe(true);
  });

  it('leaves without waiting when all the others leave too', async () => {
    const { clock, controller, lifecycle, join, register, beat } = setUp();
    join();
    register(40);
    beat();
    let left = false;
    void lifecycle.leave(3000).then(() => (left = true));
    clock.advance(0);
    for (const id of [1, 3]) controller.story.heartbeat(id, { wantShutDown: true });
    beat();
    clock.advance(50);
    await settled();
    expect(left).toBe(true);
  });

  it('leaves without an answer when it takes too long, and at once when nobody else is there', async () => {
    const { clock, controller, lifecycle, join, register, beat } = setUp();
    join();
    register(40);
    beat();
    let left = 0;
    void lifecycle.leave(3000).then(() => (left += 1));
    clock.advance(2999);
    await settled();
    expect(left).toBe(0);
    clock.advance(1);
    await settled();
    expect(left).toBe(1);
    for (const id of [1, 3]) controller.story.fence(id);
    await lifecycle.leave(3000);
  });
});
