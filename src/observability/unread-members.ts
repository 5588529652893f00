// Warns operators once per action and channel about members of bodies that the profile does not read.

import type { Log } from '../lib/log.ts';
import type { Change } from '../store/port.ts';

/** More pairs of action and channel are not remembered, and not logged. */
const MAX_ACTIONS = 1_000;

/** Returns a listener of the store. The warning has the line of the profile that would read the members. */
export function createUnreadMemberWarning(log: Log): (changes: readonly Change[]) => void {
  const warned = new Set<string>();
  return (changes) => {
    for (const { execution, entry } of changes) {
      const { unread: members, profileLine } = entry.detail;
      if (members === undefined || warned.size >= MAX_ACTIONS) continue;
      const { actionId, correlationId } = execution;
      const key = `${entry.event.slice(0, 4)} ${actionId}`;
      if (warned.has(key)) continue;
      warned.add(key);
      log.warn(
        { actionId, correlationId, event: entry.event, members, profileLine },
        'CXone sends members that the profile does not read; their bodies are kept, and profileLine would read them',
      );
    }
  };
}
