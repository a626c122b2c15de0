/**
 * Produce: append record batches. `records` is a view into the received bytes and must be taken over before the
 * answer. The response gained the append time (2), the log start (5), errors of single records (8) and the current
 * leader (10, tagged); 7 allows zstd, 9 is flexible, 13 names topics by id.
 *
 * Versions 0 to 2 are advertised but not spoken, as Apache Kafka does: older releases of librdkafka take the
 * presence of version 0 for the permission to compress. There is no response at all to acks=0.
 */
import { defineApi } from '../api.js';
import type { Decoded, Encodable } from '../schema/field.js';
import {
  arrayOf,
  int16,
  int32,
  int64,
  nullableString,
  records,
  string,
  struct,
  uuid,
} from '../schema/fields.js';
import { decodeProduceRequest, encodeProduceResponse } from './00-produce-codec.js';

export * from './00-produce-codec.js';

const request = {
  transactionalId: nullableString({ default: null }),
  acks: int16(),
  timeoutMs: int32(),
  topicData: arrayOf({
    name: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitionData: arrayOf({ index: int32(), records: records() }),
  }),
};

const response = {
  responses: arrayOf({
    name: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitionResponses: arrayOf({
      index: int32(),
      errorCode: int16(),
      baseOffset: int64(),
      logAppendTimeMs: int64({ default: -1 }),
      logStartOffset: int64({ since: 5, default: -1 }),
      recordErrors: arrayOf(
        { batchIndex: int32(), batchIndexErrorMessage: nullableString({ default: null }) },
        { since: 8 },
      ),
      errorMessage: nullableString({ since: 8, default: null }),
      currentLeader: struct(
        { leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }) },
        { since: 10, tag: 0 },
      ),
    }),
  }),
  throttleTimeMs: int32({ default: 0 }),
  nodeEndpoints: arrayOf(
    {
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: nullableString({ default: null }),
    },
    { since: 10, tag: 0 },
  ),
};

export type ProduceRequest = Decoded<typeof request>;
export type ProduceResponse = Encodable<typeof response>;

export const produceApi = defineApi(
  {
    key: 0,
    name: 'Produce',
    versions: { min: 3, max: 13 },
    advertised: { min: 0, max: 13 },
    flexibleFrom: 9,
    request,
    response,
  },
  { decodeRequest: decodeProduceRequest, encodeResponse: encodeProduceResponse },
);
