/**
 * DeleteGroups: forgets groups without members, and their offsets; each has its own answer (G16), given when the
 * tombstones are committed.
 */
import { deleteGroupsApi } from '@tidemark/wire';
import type { ErrorCode } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const deleteGroupsHandler = defineHandler(
  deleteGroupsApi,
  (broker) => (request, _context, respond) => {
    const names = [...new Set(request.groupsNames)];
    const errors = new Map<string, ErrorCode>();
    if (names.length === 0) respond({ results: [] });
    for (const groupId of names) {
      broker.coordinators.groups.deleteGroup(groupId, (error) => {
        errors.set(groupId, error);
        if (errors.size < names.length) return;
        respond({ results: [...errors].map(([id, errorCode]) => ({ groupId: id, errorCode })) });
      });
    }
  },
);
