/**
 * A long history in a short time: the records of one experiment that really ran are written again and again, each time
 * as those of another experiment, with its own ids. All records of an experiment are in one record batch, so that no
 * decider ever sees it unfinished and takes it for work to be done.
 */
import { createHash } from 'node:crypto';
import { dataProductIdOf, experimentIdFromBytes, EXPERIMENTS_TOPIC, headerText } from '@tidemark/contracts';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { createLogger, KafkaTopics, type OutgoingRecord, type TopicRecord } from '@tidemark/service';

/** Experiments in one request. */
const TOGETHER = 100;

/** Writes at least `events` records; answers how many it wrote. `templateId`: an experiment that has ended. */
export async function writeHistory(broker: string, templateId: string, events: number): Promise<number> {
  const topics = new KafkaTopics({
    brokers: [broker],
    replica: 'bench',
    clock: nodeClock,
    random: nodeRandom,
    logger: createLogger({ name: 'bench', level: 'error' }),
  });
  try {
    const template = await historyOf(topics, templateId);
    if (template.length === 0) throw new Error(`there is no history of ${templateId}`);
    let written = 0;
    while (written < events) {
      const records = Array.from({ length: TOGETHER }, () => copyOf(template, templateId)).flat();
      await topics.publish(EXPERIMENTS_TOPIC, records);
      written += records.length;
    }
    return written;
  } finally {
    await topics.close();
  }
}

async function historyOf(topics: KafkaTopics, id: string): Promise<TopicRecord[]> {
  const found: TopicRecord[] = [];
  const tail = await topics.tail({
    topics: [EXPERIMENTS_TOPIC],
    purpose: 'history',
    from: 'beginning',
    onBatch: ({ records }) => void found.push(...records.filter(({ key }) => key === id)),
  });
  await tail.caughtUp;
  await tail.close();
  return found;
}

/** The same records as another experiment's. */
function copyOf(template: readonly TopicRecord[], templateId: string): OutgoingRecord[] {
  const id = experimentIdFromBytes(Buffer.from(nodeRandom.uuid().replaceAll('-', '').repeat(2), 'hex'));
  const [from, to] = [templateId.slice('exp_'.length), id.slice('exp_'.length)];
  return template.map((record) => {
    const eventId = createHash('sha256')
      .update(`${id} ${headerText(record.headers, 'id')}`)
      .digest('hex');
    const value = (record.value?.toString() ?? '').replaceAll(from, to);
    const isOutput = headerText(record.headers, 'type') === 'OutputStaged';
    return {
      key: id,
      value: isOutput ? withOwnProduct(value, id, headerText(record.headers, 'gateway') ?? '') : value,
      headers: { ...record.headers, id: eventId.slice(0, 26) },
    };
  });
}

/** A data product's id follows from its experiment's. */
function withOwnProduct(value: string, experimentId: string, gateway: string): string {
  const payload = JSON.parse(value) as { readonly name: string; readonly sha256: string };
  const { name, sha256 } = payload;
  return JSON.stringify({
    ...payload,
    dataProductId: dataProductIdOf({ gateway, experimentId, name, sha256 }),
  });
}
