/**
 * What a benchmark needs of a broker before it measures: a topic (made by asking for it), and one batch whose place in
 * the log is known. One request per connection; nothing here is measured.
 */
import type { Address } from '@tidemark/platform';
import {
  ByteReader,
  ByteWriter,
  decodeResponse,
  encodeRequest,
  metadataApi,
  produceApi,
  readResponseHeader,
  writeFrame,
  writeRequestHeader,
  type MetadataResponse,
} from '@tidemark/wire';
import { PipelinedClient } from './pipelined-client.js';
import { produceFrame, type ProduceLoad } from './produce-load.js';

/** Sends one frame and hands its answer over. */
export async function ask<T>(
  address: Address,
  frame: Uint8Array,
  read: (answer: ByteReader) => T,
): Promise<T> {
  const answers: T[] = [];
  let sent = false;
  await PipelinedClient.run(address, {
    inFlightMax: 1,
    nextFrames: () => {
      if (sent) return undefined;
      sent = true;
      return { bytes: frame, count: 1 };
    },
    onAnswer: (bytes, start, end) => answers.push(read(new ByteReader(bytes, start, end))),
  });
  const [answer] = answers;
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

const METADATA_VERSION = 4;
const PRODUCE_VERSION = 7;

/** Asks for the topic until it is there; the broker creates topics on first use. */
export async function createTopic(address: Address, name: string): Promise<void> {
  const writer = new ByteWriter();
  writeFrame(writer, () => {
    writeRequestHeader(writer, metadataApi, {
      apiVersion: METADATA_VERSION,
      correlationId: 1,
      clientId: 'bench',
    });
    encodeRequest(metadataApi, METADATA_VERSION, writer, {
      topics: [{ name }],
      allowAutoTopicCreation: true,
    });
  });
  for (let attempt = 0; attempt < 500; attempt++) {
    const answer = await ask(address, writer.written(), (reader): MetadataResponse => {
      readResponseHeader(reader, metadataApi, METADATA_VERSION);
      return decodeResponse(metadataApi, METADATA_VERSION, reader);
    });
    const leader = answer.topics[0]?.partitions[0]?.leaderId ?? -1;
    if (leader >= 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`topic ${name} does not come to be`);
}

/** Produces one batch and answers where it begins. */
export async function produceOne(
  address: Address,
  shape: Pick<ProduceLoad, 'topic' | 'recordBytes' | 'recordsPerBatch' | 'acks'>,
): Promise<{ baseOffset: number; batchBytes: number }> {
  const { frame, batchBytes } = produceFrame(shape);
  const baseOffset = await ask(address, frame, (reader) => {
    readResponseHeader(reader, produceApi, PRODUCE_VERSION);
    return (
      decodeResponse(produceApi, PRODUCE_VERSION, reader).responses[0]?.partitionResponses[0]?.baseOffset ??
      -1
    );
  });
  return { baseOffset, batchBytes };
}
