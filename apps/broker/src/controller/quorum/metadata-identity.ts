/**
 * What the metadata log is, to those who have to name it: Kafka's fixed name and id. Data only.
 */
import { METADATA_TOPIC } from '../metadata-image.js';

export const METADATA_IDENTITY = {
  topic: METADATA_TOPIC,
  partition: 0,
  topicId: '00000000-0000-0000-0000-000000000001',
};
