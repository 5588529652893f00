// Verifies audit entries that were exported: the chain inside each file, the joins of the files, signed heads, and the rows of
// retention exports, without a database.

import type { AuditHead } from '../port.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import { chainHash } from '../shared/hash-chain.ts';
import type { Finding } from '../verification.ts';
import { createErasureCheck } from './erasures.ts';
import { createHeadCheck } from './signed-heads.ts';

/** What precedes the first entry of all. */
const START: AuditHead = { id: 0, hash: '0'.repeat(64) };

/** How a file continues the files before it. */
export type Join =
  /** It is the first one and begins with the first entry of the trail, or with an entry whose predecessor is known. */
  | 'anchored'
  /** It is the first one, and only the hash of its first entry stands for what precedes it. */
  | 'unanchored'
  /** Its first entry is chained to the last one before it, or it repeats that entry. */
  | 'joined'
  /** Entries between the files are in neither of them. */
  | 'gap';

export interface ExportedFile {
  readonly name: string;
  /** The entry before the first one, from the manifest; null if it is not known. */
  readonly after: AuditHead | null;
  /** True if values are hidden: their entries cannot be verified. */
  readonly isMasked: boolean;
  /** True if the export was filtered, so that it has no chain. */
  readonly isFiltered: boolean;
}

export interface FileVerdict extends Pick<ExportedFile, 'name'> {
  entries: number;
  first: number | null;
  last: number | null;
  join: Join | null;
  /** Entries whose content is hidden or was erased without proof in the files. */
  masked: number;
}

export type ExportVerification = ReturnType<typeof createExportVerification>;

// One function because the checks of an entry share the place in the chain.
export function createExportVerification(heads: readonly AuditHead[]) {
  const files: FileVerdict[] = [];
  const findings: Finding[] = [];
  const erasures = createErasureCheck();
  const known = createHeadCheck(heads, { id: -1, hash: '' });
  /** The last entry of all files so far. */
  let end: AuditHead | null = null;
  /** The last entry of the current file. */
  let link: AuditHead | null = null;
  let current: ExportedFile | null = null;
  let verdict: FileVerdict | null = null;
  let isBroken = false;

  function found(kind: Finding['kind'], entry: number, message: string): void {
    if (!isBroken) findings.push({ kind, entry, message: `${current?.name}: ${message}` });
    isBroken = true;
  }

  function begin(row: AuditRow): AuditHead | null {
    const after = current?.after ?? (row.id === 1 ? START : null);
    if (end === null) {
      setJoin(after === null ? 'unanchored' : 'anchored');
      return after;
    }
    // An overlap joins when it reaches the entry at which the files before it end.
    return row.id <= end.id ? after : continued(end, row, after);
  }

  function continued(before: AuditHead, row: AuditRow, after: AuditHead | null): AuditHead | null {
    const isNext = isChained(before, row) || (after?.id === before.id && after.hash === before.hash);
    setJoin(isNext ? 'joined' : 'gap');
    if (isNext) return before;
    const message = `entries ${before.id + 1} to ${row.id - 1} are in none of the files before it`;
    if (row.id > before.id + 1) found('removed', before.id + 1, message);
    else found('altered', row.id, `entry ${row.id} does not follow from entry ${before.id} of the files before it`);
    // The rest of the file has a chain of its own.
    isBroken = false;
    return after;
  }

  function setJoin(join: Join): void {
    if (verdict !== null) verdict.join = join;
  }

  function isChained(previous: AuditHead, row: AuditRow): boolean {
    return chainHash(previous.hash, row) === row.hash || erasures.isReduced(previous.hash, row);
  }

  function check(previous: AuditHead, row: AuditRow): void {
    if (row.id > previous.id && isChained(previous, row)) return;
    if (row.id <= previous.id) found('reordered', row.id, `entry ${row.id} stands behind entry ${previous.id}`);
    else if (current?.isMasked && verdict !== null) verdict.masked += 1;
    else if (row.id > previous.id + 1) {
      found('removed', previous.id + 1, `entries ${previous.id + 1} to ${row.id - 1} are missing`);
    } else
      found('altered', row.id, `entry ${row.id} was altered, or entry ${previous.id} was: its hash does not match`);
  }

  function meetEnd(row: AuditRow): void {
    if (end === null || row.id !== end.id) return;
    const isSame = row.hash === end.hash;
    setJoin(isSame ? 'joined' : 'gap');
    if (!isSame) found('altered', row.id, `entry ${row.id} has another hash than in the files before it`);
  }

  function entry(row: AuditRow): void {
    if (current === null || verdict === null) throw new Error('an entry needs its file');
    verdict.entries += 1;
    verdict.first ??= row.id;
    verdict.last = row.id;
    if (current.isFiltered || isBroken) return;
    const previous = link ?? begin(row);
    if (previous !== null) check(previous, row);
    meetEnd(row);
    link = { id: row.id, hash: row.hash };
    erasures.entry(row);
    if (end !== null && row.id <= end.id) return;
    known.entry(row);
    end = link;
  }

  return {
    /** Starts the next file; files come in the order of their first entries. */
    file: (file: ExportedFile): FileVerdict => {
      current = file;
      verdict = { name: file.name, entries: 0, first: null, last: null, join: null, masked: 0 };
      files.push(verdict);
      link = null;
      isBroken = false;
      return verdict;
    },
    entry,
    /** Reads an entry ERASED from elsewhere, which may confirm reduced entries of the files. */
    erased: erasures.entry,
    /** Returns the last entry of all files; null without any. */
    last: (): AuditHead | null => end,
    end: () => {
      erasures.end();
      // Reduced entries that no entry ERASED in the files confirms.
      const unconfirmed = erasures.findings.flatMap((finding) => finding.entry ?? []);
      return { findings: [...findings, ...known.findings], heads: known.verdicts(), files, unconfirmed };
    },
  };
}
