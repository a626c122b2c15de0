/**
 * IncrementalAlterConfigs: changes single overrides of a topic: 0 sets, 1 deletes, 2 appends to a list, 3 takes from
 * it (D5).
 */
import type { IncrementalAlterConfigsRequest } from '@tidemark/wire';
import type { ConfigOperation } from '../controller/topics/topic-changes.js';
import { alterConfigs, invalid } from './config-changes.js';
import type { ResourceChange } from './config-changes.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

const OPERATIONS: readonly ConfigOperation[] = ['set', 'delete', 'append', 'subtract'];

export const incrementalAlterConfigsHandler = defineForwardedHandler(
  controllerApis.incrementalAlterConfigs,
  (broker) => (request, _context, respond) => {
    const resources = request.resources.map(resourceChange);
    alterConfigs(broker, resources, request.validateOnly, (responses) => respond({ responses }));
  },
);

function resourceChange(resource: IncrementalAlterConfigsRequest['resources'][number]): ResourceChange {
  const { resourceType, resourceName, configs } = resource;
  const operations = configs.flatMap(({ name, configOperation, value }) => {
    const operation = OPERATIONS[configOperation];
    return operation === undefined ? [] : [{ name, operation, value }];
  });
  const change =
    operations.length === configs.length
      ? { topic: resourceName, operations, replaceAll: false }
      : invalid('An operation is 0 (set), 1 (delete), 2 (append) or 3 (subtract)');
  return { resourceType, resourceName, change };
}
