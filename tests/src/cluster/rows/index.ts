// The matrix of faults, in the order in which it is played.
import type { Row } from '../../faults/row.js';
import { crashLoop } from './p10-crash-loop.js';
import { killAll } from './p8-kill-all.js';
import { killController } from './p3-kill-controller.js';
import { killFollower } from './p2-kill-follower.js';
import { killLeader } from './p1-kill-leader.js';
import { lostDisk } from './p13-lost-disk.js';
import { outOfOrderRestart } from './p9-out-of-order-restart.js';
import { pauseFollower } from './p7-pause-follower.js';
import { pauseLeader } from './p6-pause-leader.js';
import { rollingRestart } from './p5-rolling-restart.js';
import { flippedBits } from './d4-flipped-bits.js';

export const ROWS: readonly Row[] = [
  killLeader,
  killFollower,
  killController,
  rollingRestart,
  pauseLeader,
  pauseFollower,
  killAll,
  outOfOrderRestart,
  crashLoop,
  lostDisk,
  flippedBits,
];
