// The matrix of faults, in the order in which it is played.
import type { Row } from '../../faults/row.js';
import { tornWrite } from './damage/d1-torn-write.js';
import { damagedState } from './damage/d2-damaged-state.js';
import { garbageTail } from './damage/d3-garbage-tail.js';
import { flippedBits } from './damage/d4-flipped-bits.js';
import { damagedIndex } from './damage/d5-damaged-index.js';
import { lostSegment } from './damage/d6-lost-segment.js';
import { misdirectedWrite } from './damage/d7-misdirected-write.js';
import { fullDisk } from './disks/d8-full-disk.js';
import { failedFlush } from './disks/d9-failed-flush.js';
import { powerLossOfAll, powerLossOfOne, powerLossWithFlushes } from './disks/d11-power-loss.js';
import { deadDisk } from './disks/d12-dead-disk.js';
import { noDescriptors } from './disks/d13-no-descriptors.js';
import { slowDisk } from './disks/d14-slow-disk.js';
import { secondProcess } from './disks/d15-second-process.js';
import { isolatedLeader } from './network/n1-isolated-leader.js';
import { oneWay } from './network/n2-one-way.js';
import { partialPartition } from './network/n3-partial.js';
import { cutFromController } from './network/n4-cut-from-controller.js';
import { clientsCutOff } from './network/n5-clients-cut-off.js';
import { slowLink } from './network/n6-slow-link.js';
import { packetLoss } from './network/n7-packet-loss.js';
import { silentPeer } from './network/n11-silent-peer.js';
import { killBrokers } from './processes/p1-kill-brokers.js';
import { killFollower } from './processes/p2-kill-follower.js';
import { killController } from './processes/p3-kill-controller.js';
import { killCoordinator } from './processes/p4-kill-coordinator.js';
import { rollingRestart } from './processes/p5-rolling-restart.js';
import { pauseLeader } from './processes/p6-pause-leader.js';
import { pauseFollower } from './processes/p7-pause-follower.js';
import { killAll } from './processes/p8-kill-all.js';
import { outOfOrderRestart } from './processes/p9-out-of-order-restart.js';
import { crashLoop } from './processes/p10-crash-loop.js';
import { otherVersion } from './processes/p11-other-version.js';
import { noUncleanElection, uncleanElection } from './processes/p12-unclean-election.js';
import { lostDisk } from './processes/p13-lost-disk.js';
import { stalledLoop } from './processes/p14-stalled-loop.js';
import { smallHeap } from './processes/p15-small-heap.js';
import { clockSkew } from './clocks/t1-clock-skew.js';

export const ROWS: readonly Row[] = [
  ...[killBrokers, killFollower, killController, killCoordinator, rollingRestart, pauseLeader, pauseFollower],
  ...[
    killAll,
    outOfOrderRestart,
    crashLoop,
    otherVersion,
    uncleanElection,
    noUncleanElection,
    lostDisk,
    stalledLoop,
    smallHeap,
  ],
  ...[
    isolatedLeader,
    oneWay,
    partialPartition,
    cutFromController,
    clientsCutOff,
    slowLink,
    packetLoss,
    silentPeer,
  ],
  ...[tornWrite, damagedState, garbageTail, flippedBits, damagedIndex, lostSegment, misdirectedWrite],
  ...[
    fullDisk,
    failedFlush,
    powerLossOfAll,
    powerLossOfOne,
    powerLossWithFlushes,
    deadDisk,
    noDescriptors,
    slowDisk,
    secondProcess,
  ],
  clockSkew,
];
