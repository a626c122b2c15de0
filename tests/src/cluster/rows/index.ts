// The matrix of faults, in the order in which it is played.
import type { Row } from '../../faults/row.js';
import { flippedBits } from './d4-flipped-bits.js';
import { fullDisk } from './d8-full-disk.js';
import { powerLossOfAll, powerLossOfOne } from './d11-power-loss.js';
import { deadDisk } from './d12-dead-disk.js';
import { secondProcess } from './d15-second-process.js';
import { isolatedLeader } from './n1-isolated-leader.js';
import { oneWay } from './n2-one-way.js';
import { partialPartition } from './n3-partial.js';
import { cutFromController } from './n4-cut-from-controller.js';
import { slowLink } from './n6-slow-link.js';
import { packetLoss } from './n7-packet-loss.js';
import { silentPeer } from './n11-silent-peer.js';
import { killLeader } from './p1-kill-leader.js';
import { killFollower } from './p2-kill-follower.js';
import { killController } from './p3-kill-controller.js';
import { rollingRestart } from './p5-rolling-restart.js';
import { pauseLeader } from './p6-pause-leader.js';
import { pauseFollower } from './p7-pause-follower.js';
import { killAll } from './p8-kill-all.js';
import { outOfOrderRestart } from './p9-out-of-order-restart.js';
import { crashLoop } from './p10-crash-loop.js';
import { lostDisk } from './p13-lost-disk.js';
import { stalledLoop } from './p14-stalled-loop.js';
import { smallHeap } from './p15-small-heap.js';
import { clockSkew } from './t1-clock-skew.js';

export const ROWS: readonly Row[] = [
  ...[killLeader, killFollower, killController, rollingRestart, pauseLeader, pauseFollower, killAll],
  ...[outOfOrderRestart, crashLoop, lostDisk, stalledLoop, smallHeap],
  ...[isolatedLeader, oneWay, partialPartition, cutFromController, slowLink, packetLoss, silentPeer],
  ...[flippedBits, fullDisk, powerLossOfAll, powerLossOfOne, deadDisk, secondProcess],
  clockSkew,
];
