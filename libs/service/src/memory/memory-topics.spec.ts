/** The contract of topics in memory. */
import { memoryCluster } from '../testing/memory-cluster.js';
import { topicsContract } from '../testing/topics-contract.js';

topicsContract('in memory', memoryCluster);
