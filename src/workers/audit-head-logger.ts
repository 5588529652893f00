// Loop that logs the signed head of the audit chain, so that a cut or rewritten chain can be detected from outside the database.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { AuditFeed } from '../store/port.ts';
import { signHead } from '../store/signed-head.ts';

/** Interval of the log lines while entries are written. Entries cut off within one interval can go undetected. */
const INTERVAL_MS = 30_000;

export function createAuditHeadLogger(
  store: Pick<AuditFeed, 'head'>,
  world: Pick<World, 'now'>,
  log: Log,
  secrets: readonly [string, ...string[]],
) {
  let loggedId: number | null = null;
  async function report(): Promise<void> {
    const head = await store.head();
    if (head.id === loggedId) return;
    loggedId = head.id;
    log.info({ head: signHead(secrets, head, world.now()) }, 'audit head');
  }
  return {
    /** Logs the head at once, for example before the store is closed. */
    report,
    /** Logs the head if it has moved since the last line. */
    work: async () => {
      await report();
      return INTERVAL_MS;
    },
  };
}
