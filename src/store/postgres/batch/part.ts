// The part of a batch that concerns one execution: its state as decided so far, and the audit entries that lead to it.

import type { AuditDraft, AuditEntry, AuditEvent, RawBody } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { withoutContent } from '../../../execution/reduced-detail.ts';
import { isoTime } from '../../../lib/time.ts';
import type { Notification } from '../../../notification/notification.ts';
import { detailWithBody, toAuditRow } from '../../shared/audit-rows.ts';
import { boundedEvidence } from '../../shared/bounded-evidence.ts';
import { summaryOf } from '../../shared/counted-repeats.ts';
import type { Reduction } from '../../shared/erasures.ts';
import type { CountKey } from '../../shared/rollup-keys.ts';
import type { Aggregate, Repeat } from './aggregate.ts';

/** An entry of which the commit sets the id. */
export type Numbered = { -readonly [K in keyof AuditEntry]: AuditEntry[K] };

export interface PendingEntry {
  readonly part: Part;
  readonly entry: Numbered;
  /** JSON of the columns between id and detail, without brackets, as the hash chain covers them. */
  readonly columns: string;
  /** JSON. */
  readonly detail: string;
  readonly body: RawBody | null;
}

export interface WordCount {
  readonly spelling: string;
  readonly at: number;
  readonly reports: number;
  readonly timeouts: number;
}

/** A change of a count in the roll-ups. */
export interface Tally {
  readonly kind: number;
  readonly key: CountKey;
  readonly times: 1 | -1;
}

export interface Reductions {
  readonly entries: readonly Omit<Reduction, 'seal'>[];
  /** Milliseconds. */
  readonly at: number;
}

/** What becomes of the payload: `stripped` with its hashes, or `again` for a result after the pruning. */
export type PayloadChange = { readonly type: 'stripped'; readonly sha256: string } | { readonly type: 'again' };

export interface Part {
  /** Null: it is new. */
  readonly loaded: Aggregate | null;
  readonly state: Aggregate;
  /** Number of entries. */
  readonly entries: number;
  /** Entries of events that are counted instead: their id is that of the newest entry. */
  readonly counted: readonly Numbered[];
  readonly words: readonly WordCount[];
  readonly payload: PayloadChange | null;
  readonly reductions: Reductions | null;
  readonly tallies: readonly Tally[];
  /** True if counted repeats were turned into entries. */
  readonly areRepeatsTaken: boolean;
  save(change: Partial<Aggregate>): void;
  saveExecution(execution: Execution): void;
  /** Replaces the notification with this id, or adds it. */
  saveNotification(notification: Notification): void;
  /** Appends an entry, behind those that state counted repeats. */
  append(draft: AuditDraft, now: number): AuditEntry;
  /** Appends the entries that state counted repeats. */
  summarize(now: number): AuditEntry[];
  /** Counts a repeat of an event instead of an entry. `entry` is what the entry would be. */
  countRepeat(draft: AuditDraft, entry: AuditEntry): void;
  countWord(word: WordCount): void;
  tally(tally: Tally): void;
  changePayload(change: PayloadChange): void;
  /** Reduces entries to what an erasure leaves of them, and empties the stored bodies of the execution. */
  reduce(reductions: Reductions): void;
}

/** Entries about orders of administrators state no content. */
const WITHOUT_CONTENT: ReadonlySet<AuditEvent> = new Set(['HELD', 'RELEASED', 'ERASED', 'RESUBMITTED'] as const);

// One function because its operations share the state that they change.
/** @param journal receives the entries of all parts in the order of the decisions */
export function createPart(initial: Aggregate, isNew: boolean, journal: PendingEntry[]): Part {
  const counted: Numbered[] = [];
  const words: WordCount[] = [];
  const tallies: Tally[] = [];
  let state = initial;
  let payload: PayloadChange | null = null;
  let reductions: Reductions | null = null;
  let areRepeatsTaken = false;
  let entries = 0;

  const save = (change: Partial<Aggregate>): void => {
    state = { ...state, ...change };
  };

  function write(given: AuditDraft, now: number): AuditEntry {
    const { execution, entryBytes, listed } = state;
    const isStorable = execution.erasedAt === null || WITHOUT_CONTENT.has(given.event);
    const storable = isStorable ? given : withoutContent(given);
    const draft = boundedEvidence(storable, () => entryBytes);
    const { body, event } = draft;
    const detail = detailWithBody(draft);
    const row = toAuditRow(0, now, execution, { ...draft, detail });
    const { id, timestamp, detail: text, ...columns } = row;
    const { actionId, correlationId, executionId, latencyMs, httpStatus, app } = columns;
    const ordered = [timestamp, event, actionId, correlationId, executionId, latencyMs, httpStatus, app];
    const entry = { ...row, timestamp: now, event, detail };
    entries += 1;
    journal.push({ part, entry, columns: JSON.stringify(ordered).slice(1, -1), detail: text, body });
    save({
      entryBytes: entryBytes + Buffer.byteLength(text) + (body?.bytes.length ?? 0),
      listed: listed && new Map(listed).set(event, (listed.get(event) ?? 0) + 1),
    });
    return entry;
  }

  function summarize(now: number): AuditEntry[] {
    const { repeats } = state;
    if (repeats.length === 0) return [];
    areRepeatsTaken = true;
    save({ repeats: [] });
    const stated = repeats.toSorted((one, other) => one.until - other.until).map(toSummary);
    return stated.map((summary) => write(summary, now));
  }

  const part: Part = {
    loaded: isNew ? null : initial,
    get state() {
      return state;
    },
    get entries() {
      return entries;
    },
    counted,
    words,
    tallies,
    get payload() {
      return payload;
    },
    get reductions() {
      return reductions;
    },
    get areRepeatsTaken() {
      return areRepeatsTaken;
    },
    save,
    saveExecution: (execution) => save({ execution }),
    saveNotification: (notification) => {
      const others = state.notifications;
      const known = others.some(({ id }) => id === notification.id);
      const replaced = others.map((other) => (other.id === notification.id ? notification : other));
      save({ notifications: known ? replaced : [...others, notification] });
    },
    append: (draft, now) => {
      summarize(now);
      return write(draft, now);
    },
    summarize,
    countRepeat: ({ event, detail }, entry) => {
      const { repeats } = state;
      const known = repeats.find((repeat) => repeat.event === event);
      const repeat: Repeat = {
        event,
        count: (known?.count ?? 0) + 1,
        since: known?.since ?? entry.timestamp,
        until: entry.timestamp,
        detail: JSON.stringify(detail),
      };
      save({ repeats: [...repeats.filter((other) => other !== known), repeat] });
      counted.push(entry);
    },
    countWord: (word) => void words.push(word),
    tally: (tally) => void tallies.push(tally),
    changePayload: (change) => {
      payload = change;
    },
    reduce: (given) => {
      reductions = given;
    },
  };
  return part;
}

/** Returns whether a decision has changed the part or added an entry to it. */
export function isChanged({ state, loaded, entries }: Part): boolean {
  return state !== loaded || entries > 0;
}

/** Numbers entries that were committed together. Entries have consecutive ids; those of stale parts have none. */
export function numberEntries(entries: readonly PendingEntry[], first: number): void {
  for (const [i, { entry }] of entries.entries()) entry.id = first + i;
}

function toSummary({ since, until, ...repeat }: Repeat): AuditDraft {
  return summaryOf({ ...repeat, since: isoTime(since), until: isoTime(until) });
}
