/**
 * AlterPartition: a leader proposes other in-sync replicas for its partitions. Only the active controller answers;
 * leaders send their proposals there themselves (`controller/partitions/isr-proposals.ts`).
 */
import { ErrorCode, alterPartitionApi } from '@tidemark/wire';
import type { AlterPartitionRequest, AlterPartitionResponse } from '@tidemark/wire';
import type { PartitionProposal, ProposalResult } from '../controller/partitions/alter-partition.js';
import { defineHandler } from './handler.js';

const RECOVERING = 1;

export const alterPartitionHandler = defineHandler(
  alterPartitionApi,
  (broker) => (request, _context, respond) => {
    const { brokerId, brokerEpoch } = request;
    const partitions = proposals(request);
    broker.controller.submit({ type: 'AlterPartition', brokerId, brokerEpoch, partitions }, (answer) => {
      const errorCode = 'error' in answer ? answer.error : ErrorCode.NONE;
      if ('error' in answer) respond({ errorCode, topics: [] });
      else if ('error' in answer.reply) respond({ errorCode: answer.reply.error, topics: [] });
      else respond({ errorCode, topics: topicsOf(answer.reply.results) });
    });
  },
);

function proposals({ topics }: AlterPartitionRequest): PartitionProposal[] {
  return topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex, newIsrWithEpochs, leaderRecoveryState, ...epochs }) => ({
      topicId,
      partition: partitionIndex,
      leaderEpoch: epochs.leaderEpoch,
      partitionEpoch: epochs.partitionEpoch,
      newIsr: newIsrWithEpochs,
      recovering: leaderRecoveryState === RECOVERING,
    })),
  );
}

function topicsOf(results: readonly ProposalResult[]): AlterPartitionResponse['topics'] {
  const topics = new Map<string, AlterPartitionResponse['topics'][number]['partitions'][number][]>();
  for (const { topicId, partition, error, leader, leaderEpoch, isr, partitionEpoch, recovering } of results) {
    const partitions = topics.get(topicId) ?? [];
    topics.set(topicId, partitions);
    partitions.push({
      partitionIndex: partition,
      errorCode: error,
      leaderId: leader,
      leaderEpoch,
      isr,
      leaderRecoveryState: recovering ? RECOVERING : 0,
      partitionEpoch,
    });
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
