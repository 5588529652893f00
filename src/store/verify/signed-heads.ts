// Checks heads that were stored elsewhere: a trail whose tail was cut off, or whose chain was rewritten, no longer contains them.

import type { AuditHead, IdGap } from '../port.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import { gapAt } from '../sqlite/file/id-gaps.ts';
import type { Finding, HeadVerdict } from '../verification.ts';

export function createHeadCheck(heads: readonly AuditHead[], start: AuditHead, gaps: readonly IdGap[] = []) {
  const waiting = heads.toSorted((a, b) => a.id - b.id);
  const verdicts: HeadVerdict[] = [];
  const findings: Finding[] = [];
  /** Id of the last entry up to which the chain is proved unchanged. */
  let agreed = start.id;
  let last = start.id;
  let next = 0;
  meet(start);
  for (; (waiting[next]?.id ?? start.id) < start.id; next += 1) judge('pruned');

  /** An entry that a restore lost: the copy ends before it. */
  function isLost(head: AuditHead | undefined): boolean {
    return head !== undefined && gapAt(gaps, head.id) !== undefined;
  }

  function judge(verdict: HeadVerdict['verdict']): void {
    verdicts.push({ ...(waiting[next] as AuditHead), verdict });
  }

  function meet({ id, hash }: AuditHead): void {
    last = id;
    for (; next < waiting.length && (waiting[next] as AuditHead).id <= id; next += 1) {
      const head = waiting[next] as AuditHead;
      if (head.id === id) compare(head, hash);
      else judge(isLost(head) ? 'lost' : 'pruned');
    }
  }

  function compare(head: AuditHead, hash: string): void {
    const agrees = head.hash === hash;
    judge(agrees ? 'agrees' : 'differs');
    if (agrees) agreed = head.id;
    else if (findings.length === 0) findings.push(rewritten(head));
  }

  function rewritten({ id }: AuditHead): Finding {
    const place = `between entry ${agreed + 1} and entry ${id}`;
    const message = `the chain was rewritten ${place}: the hash of entry ${id} differs from its head`;
    return { kind: 'rewritten', entry: agreed + 1, message };
  }

  return {
    findings,
    entry: (row: AuditRow) => meet(row),
    end: () => {
      for (; next < waiting.length && isLost(waiting[next]); next += 1) judge('lost');
      const newest = waiting.at(-1);
      if (next < waiting.length && newest !== undefined) {
        const missing = last + 1 === newest.id ? `entry ${newest.id} is` : `entries ${last + 1} to ${newest.id} are`;
        const message = `the tail was cut off: ${missing} missing`;
        findings.push({ kind: 'removed', entry: last + 1, message });
      }
      for (; next < waiting.length; next += 1) judge('missing');
    },
    verdicts: (): readonly HeadVerdict[] => [
      ...verdicts,
      ...waiting.slice(verdicts.length).map((head) => ({ ...head, verdict: 'unchecked' as const })),
    ],
  };
}
