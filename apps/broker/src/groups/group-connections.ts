/**
 * Which groups have members behind which connection, so that the end of a connection reaches the groups that it
 * matters to. Held by each GroupPartition; told of every request of a member, and of groups that are forgotten.
 * Holds an entry for an open connection only, and one listener per connection, however many requests it carries.
 */
import type { Caller } from './group-inputs.js';

export class GroupConnections {
  readonly #groups = new Map<number, Set<string>>();

  /** `onBroken` is called for each group behind a connection that its peer has closed. */
  constructor(private readonly onBroken: (groupId: string, connectionId: number) => void) {}

  seen(groupId: string, caller: Caller): void {
    const { connectionId } = caller;
    const known = this.#groups.get(connectionId);
    if (known !== undefined) {
      known.add(groupId);
      return;
    }
    const groups = new Set([groupId]);
    this.#groups.set(connectionId, groups);
    caller.onClosed((byPeer) => {
      // Cleared meanwhile: the leadership has ended, or it is another one.
      if (this.#groups.get(connectionId) !== groups) return;
      this.#groups.delete(connectionId);
      if (byPeer) for (const group of groups) this.onBroken(group, connectionId);
    });
  }

  forget(groupId: string): void {
    for (const groups of this.#groups.values()) groups.delete(groupId);
  }

  clear(): void {
    this.#groups.clear();
  }
}
