/**
 * ElectLeaders: gives first replicas their leadership (type 0), or leaders to partitions that have none, at the price
 * of what the others had (type 1). Null partitions mean all.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ElectLeadersRequest, ElectLeadersResponse } from '@tidemark/wire';
import type { ElectionResult } from '../controller/elections/elect-leaders.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';
import type { BrokerContext } from './handler.js';

const PREFERRED = 0;
const UNCLEAN = 1;

export const electLeadersHandler = defineForwardedHandler(
  controllerApis.electLeaders,
  (broker) => (request, _context, respond) => {
    const { electionType } = request;
    if (electionType !== PREFERRED && electionType !== UNCLEAN) {
      respond(controllerApis.electLeaders.refusal(request, ErrorCode.INVALID_REQUEST));
      return;
    }
    const election = electionType === PREFERRED ? 'preferred' : 'unclean';
    const command = { type: 'ElectLeaders', election, partitions: partitionsOf(request) } as const;
    broker.controller.submit(command, (answer) => {
      if ('error' in answer) {
        respond(controllerApis.electLeaders.refusal(request, answer.error));
        return;
      }
      if (election === 'unclean') reportUnclean(broker, answer.reply);
      respond({ errorCode: ErrorCode.NONE, replicaElectionResults: resultsOf(answer.reply) });
    });
  },
);

/** What others had is given up: whoever looks for lost records later finds when, and what was kept. */
function reportUnclean(broker: BrokerContext, results: readonly ElectionResult[]): void {
  for (const { topic, partition, error } of results) {
    if (error !== ErrorCode.NONE) continue;
    const { replicas, isr } = broker.metadata().topics.get(topic)?.partitions[partition] ?? {};
    broker.logger.error(
      { topic, partition, replicas, isr },
      'unclean election: what only other replicas had is lost',
    );
  }
}

function partitionsOf({ topicPartitions }: ElectLeadersRequest) {
  if (topicPartitions === null) return null;
  return topicPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function resultsOf(results: readonly ElectionResult[]): ElectLeadersResponse['replicaElectionResults'] {
  const topics = new Map<string, ElectionResult[]>();
  for (const result of results) topics.set(result.topic, [...(topics.get(result.topic) ?? []), result]);
  return [...topics].map(([topic, partitions]) => ({
    topic,
    partitionResult: partitions.map(({ partition, error, message }) => {
      return { partitionId: partition, errorCode: error, errorMessage: message };
    }),
  }));
}
