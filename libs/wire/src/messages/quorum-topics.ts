/**
 * The frame that requests and answers of the metadata quorum have in common: one topic with one partition, in lists as
 * if there could be more, and of an epoch the answer as a whole.
 */
import type { FieldMap } from '../schema/field.js';
import { arrayOf, int16, int32, string, uint16 } from '../schema/fields.js';
import { nodeEndpoints } from './node-endpoints.js';

export const quorumTopics = <Partition extends FieldMap>(partition: Partition) =>
  arrayOf({ topicName: string(), partitions: arrayOf({ partitionIndex: int32(), ...partition }) });

/** What is answered to a leader that comes or goes. */
export const epochAnswer = () => ({
  errorCode: int16(),
  topics: quorumTopics({ errorCode: int16(), leaderId: int32(), leaderEpoch: int32() }),
  nodeEndpoints: nodeEndpoints(),
});

export const leaderEndpoints = () => arrayOf({ name: string(), host: string(), port: uint16() });
