/**
 * ListGroups: the groups that this broker coordinates; clients ask every broker. From version 4 on filtered by state,
 * from 5 on by type; both filters ignore case, and an empty one lets everything pass (G15).
 */
import { ErrorCode, listGroupsApi } from '@tidemark/wire';
import type { ListGroupsResponse } from '@tidemark/wire';
import { defineHandler } from './handler.js';
import type { BrokerContext } from './handler.js';

/** KIP-848 has another type; these are the groups of JoinGroup. */
const GROUP_TYPE = 'classic';

export const listGroupsHandler = defineHandler(listGroupsApi, (broker) => (request, _context, respond) => {
  if (!broker.coordinators.groups.loaded) {
    respond({ errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, groups: [] });
    return;
  }
  const passes = (filter: readonly string[], value: string): boolean => {
    return filter.length === 0 || filter.some((wanted) => wanted.toLowerCase() === value.toLowerCase());
  };
  const groups = passes(request.typesFilter, GROUP_TYPE) ? [...listGroups(broker)] : [];
  const states = request.statesFilter;
  respond({
    errorCode: ErrorCode.NONE,
    groups: groups.filter(({ groupState }) => passes(states, groupState ?? '')),
  });
});

function* listGroups({ coordinators }: BrokerContext): Generator<ListGroupsResponse['groups'][number]> {
  for (const partition of coordinators.groups.partitions()) {
    for (const groupId of partition.groupIds()) {
      const group = partition.groupOf(groupId);
      if (group === undefined) continue;
      yield {
        groupId,
        protocolType: group.protocolType ?? '',
        groupState: group.phase,
        groupType: GROUP_TYPE,
      };
    }
  }
}
