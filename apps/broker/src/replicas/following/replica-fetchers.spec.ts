/** The connection over which a leader's partitions are copied ends when there are none any more. */
import { pino } from 'pino';
import { ManualClock } from '../../testing/manual-clock.js';
import { ScriptedPeers } from '../../testing/scripted-peers.js';
import { Tick } from '../../tick.js';
import { Deadlines } from '../deadlines.js';
import type { FollowerRole } from './follower-role.js';
import { ReplicaFetchers } from './replica-fetchers.js';

function setUp() {
  const clock = new ManualClock();
  const disconnected: number[] = [];
  const fetchers = new ReplicaFetchers({
    brokerId: 1,
    peers: {
      ...new ScriptedPeers().peers,
      disconnect: (brokerId) => void disconnected.push(brokerId),
    },
    tick: new Tick(clock),
    deadlines: new Deadlines(clock),
    logger: pino({ level: 'silent' }),
    brokerEpoch: () => 1,
    onReceived: () => undefined,
  });
  const follow = (leaderId: number, partition: number): FollowerRole =>
    ({ options: { leaderId, topicId: 'topic', partition }, closed: false }) as unknown as FollowerRole;
  return { fetchers, follow, disconnected };
}

describe('fetchers', () => {
  it('let go of the connection with the last partition that a broker leads', () => {
    const { fetchers, follow, disconnected } = setUp();
    const [one, other, elsewhere] = [follow(2, 0), follow(2, 1), follow(3, 2)];
    for (const role of [one, other, elsewhere]) fetchers.add(role);
    fetchers.remove(one);
    expect(disconnected).toEqual([]);
    fetchers.remove(other);
    expect(disconnected).toEqual([2]);
  });
});
