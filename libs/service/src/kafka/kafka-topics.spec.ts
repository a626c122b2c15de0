import { startCluster } from './testing/kafka-cluster.js';
import { topicsContract } from '../testing/topics-contract.js';

topicsContract('over kafkajs', startCluster);
