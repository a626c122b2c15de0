/** The contract of topics over kafkajs, against a broker of our own as a real process. */
import { startCluster } from './testing/kafka-cluster.js';
import { topicsContract } from '../testing/topics-contract.js';

topicsContract('over kafkajs', startCluster);
