export { nodeClock } from './node-clock.js';
export { nodeDisk } from './node-disk.js';
export { nodeFileTree } from './node-file-tree.js';
export { nodeNetwork } from './node-network.js';
export { nodeProcesses } from './node-processes.js';
export { nodeRandom } from './node-random.js';
export { stayAlive } from './stay-alive.js';
