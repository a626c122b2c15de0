/**
 * What AlterConfigs and IncrementalAlterConfigs share: topics are changed by the controller, all in one decision;
 * everything else is refused, a broker's settings because they come from its environment. One answer per resource, in
 * order.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ItemResult, TopicConfigChange } from '../controller/topics/topic-changes.js';
import { ResourceType } from './config-entries.js';
import type { BrokerContext } from './handler.js';

export interface ResourceChange {
  readonly resourceType: number;
  readonly resourceName: string;
  /** What is to become of it when it is a topic, or why nothing can. */
  readonly change: TopicConfigChange | ItemResult;
}

export interface ResourceResult {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

export function alterConfigs(
  broker: BrokerContext,
  resources: readonly ResourceChange[],
  validateOnly: boolean,
  done: (results: ResourceResult[]) => void,
): void {
  const mentions = new Map<string, number>();
  for (const resource of resources) mentions.set(keyOf(resource), (mentions.get(keyOf(resource)) ?? 0) + 1);
  const checked = resources.map(
    (resource) => refusalOf(resource, mentions.get(keyOf(resource)) ?? 0) ?? resource.change,
  );
  const changes = checked.filter((change) => 'operations' in change);
  broker.controller.submit({ type: 'AlterConfigs', changes, validateOnly }, (answer) => {
    const outcomes =
      'reply' in answer ? answer.reply : changes.map(() => ({ error: answer.error, message: null }));
    let taken = 0;
    done(
      resources.map(({ resourceType, resourceName }, index) => {
        const own = checked[index];
        const outcome = own !== undefined && 'error' in own ? own : outcomes[taken++];
        const { error, message } = outcome ?? { error: ErrorCode.UNKNOWN_SERVER_ERROR, message: null };
        return { errorCode: error, errorMessage: message, resourceType, resourceName };
      }),
    );
  });
}

function keyOf({ resourceType, resourceName }: ResourceChange): string {
  return `${resourceType}/${resourceName}`;
}

function refusalOf({ resourceType }: ResourceChange, mentions: number): ItemResult | undefined {
  if (mentions > 1) return invalid('The resource is named twice in the request');
  if (resourceType === ResourceType.TOPIC) return undefined;
  if (resourceType === ResourceType.BROKER) {
    return invalid("A broker's settings are fixed at its start, by its environment");
  }
  return invalid(`Resources of type ${resourceType} have no configuration on this broker`);
}

export function invalid(message: string): ItemResult {
  return { error: ErrorCode.INVALID_REQUEST, message };
}
