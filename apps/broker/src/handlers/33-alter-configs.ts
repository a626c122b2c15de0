/**
 * AlterConfigs: sets all overrides of a topic at once; what is not named falls back to its default (D5). Clients of
 * today use IncrementalAlterConfigs.
 */
import { alterConfigs } from './config-changes.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

export const alterConfigsHandler = defineForwardedHandler(
  controllerApis.alterConfigs,
  (broker) => (request, _context, respond) => {
    const resources = request.resources.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      change: {
        topic: resourceName,
        operations: configs.map(({ name, value }) => ({ name, operation: 'set' as const, value })),
        replaceAll: true,
      },
    }));
    alterConfigs(broker, resources, request.validateOnly, (responses) => respond({ responses }));
  },
);
