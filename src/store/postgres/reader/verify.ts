// Verifies the audit trail of a PostgreSQL database from the checkpoint to its end: chain, heads stored elsewhere, rows and views.

import { yieldToEventLoop } from '../../../lib/event-loop.ts';
import type { AuditHead } from '../../port.ts';
import type { Finding, Verification, VerifyOptions } from '../../verification.ts';
import { MAX_DIAGNOSED } from '../../verify/chain.ts';
import { createWalk, insertedBefore, type Walk } from '../../verify/walk.ts';
import type { ReadSession } from './read-session.ts';
import { createShownCheck } from './shown.ts';
import { createStoredReads } from './stored.ts';
import { entriesAfter } from './trail.ts';

/** Entries per snapshot: an old snapshot would keep vacuum from removing what a receiver replaces. */
const PAGE = 2_000;

const CHECKPOINT = 'SELECT pruned_through AS id, hash FROM audit_checkpoint';
const ENDS = 'SELECT min(id) AS first, max(id) AS last FROM audit_rows';

/** Verifies without writing, also while a receiver writes. @throws {DatabaseRefused} when the database cannot be read. */
export async function verifyTrail(
  session: ReadSession,
  { heads = [], progress }: VerifyOptions = {},
): Promise<Verification> {
  const start = await checkpointOf(session);
  const ends = await session.first<{ first: number | null; last: number | null }>(ENDS);
  const total = Math.max(0, (ends?.last ?? 0) - start.id);
  // Ids have no gaps: a recovered server continues at the end of its data.
  const walk = createWalk({ start, heads, gaps: [], isPartial: false });
  const shown = createShownCheck(session);
  const page = createPages(session, walk, shown);
  const first = ends?.first ?? start.id + 1;
  const before: Finding[] = first > start.id ? [] : [insertedBefore(first, start)];
  while (before.length === 0 && (await session.snapshot(page))) {
    progress?.(walk.entries(), total);
    await yieldToEventLoop();
  }
  const entries = walk.entries();
  progress?.(entries, Math.max(entries, total));
  const findings = [...before, ...walk.findings(), ...shown.findings];
  return { findings, entries, prunedThrough: start.id, head: walk.link(), heads: walk.heads(), gaps: [] };
}

/** Returns a function that verifies the next page, and returns false at the end. */
function createPages(session: ReadSession, walk: Walk, shown: ReturnType<typeof createShownCheck>) {
  const stored = createStoredReads(session, shown);
  return async (): Promise<boolean> => {
    const checkpoint = await checkpointOf(session);
    const behind = Math.max(checkpoint.id, walk.link().id);
    const rows = await entriesAfter(session, behind, PAGE);
    if (!walk.page({ ...(await stored.about(rows)), checkpoint, rows })) {
      walk.diagnose(await entriesAfter(session, walk.link().id, MAX_DIAGNOSED));
      return false;
    }
    await shown.entries(behind, rows);
    if (rows.length > 0) return true;
    walk.end(await stored.rest(walk.open()));
    await shown.end(checkpoint.id, behind);
    return false;
  };
}

async function checkpointOf(session: ReadSession): Promise<AuditHead> {
  const row = await session.first<{ id: number; hash: string }>(CHECKPOINT);
  if (row === undefined) throw new Error('audit_checkpoint has no row: the start of the trail is unknown');
  return row;
}
