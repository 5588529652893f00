// Collects the samples of recent events from which incidents are detected, in bounded memory.

import { arrivalChannel } from '../../execution/arrival-channel.ts';
import type { Status } from '../../execution/execution.ts';
import {
  type DeadSample,
  type EndSample,
  NO_RESPONSE,
  type RequestSample,
  type Samples,
  SLOW_COMMIT_MS,
  type WordSample,
} from '../../incident/signals.ts';
import type { CommittedChange } from '../../store/port.ts';

/** How long samples are kept, in milliseconds. */
const KEPT_MS = {
  requests: 900_000,
  ends: 3_600_000,
  callbacks: 300_000,
  commits: 300_000,
  words: 900_000,
  dead: 900_000,
};
/** Samples of one kind; of more, the newest. A check reads all of them, so that these numbers bound its time. */
const MAX_SAMPLES = { requests: 2_000, ends: 2_000, callbacks: 2_000, commits: 1_000, words: 1_000, dead: 1_000 };
const MAX_KNOWN_WORDS = 20_000;

/** Requests to CXone, by the audit entry that records the response. */
const REQUESTS: ReadonlySet<string> = new Set([
  ...['SUBMITTED', 'FAILED', 'NETWORK_ERROR', 'RATE_LIMITED'],
  ...['POLL_COMPLETED', 'POLL_PROGRESS', 'POLL_ERROR', 'POLL_404', 'POLL_MISMATCH', 'POLL_TIMEOUT'],
]);

/** Callbacks of callers that are not CXone, or that are no longer of use; a genuine one has another outcome. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['address-not-allowed', 'bad-signature', 'bad-credentials', 'expired-token', 'bad-timestamp'],
  ...['bad-body-signature', 'unknown-execution', 'unreadable'],
]);

const ENDS: Readonly<Partial<Record<Status, EndSample['end']>>> = { TIMEOUT: 'timeout', REJECTED: 'rejected' };

type Mutable = { readonly [K in keyof Samples]: Samples[K][number][] };

export type IncidentObserver = ReturnType<typeof createIncidentObserver>;

export function createIncidentObserver(now: () => number) {
  const kept: Mutable = { requests: [], ends: [], callbacks: [], commits: [], words: [], dead: [] };
  const words = new Map<string, string>();

  function add<K extends keyof Samples>(kind: K, sample: Samples[K][number]): void {
    const list = kept[kind] as Samples[K][number][];
    list.push(sample);
    // Half at once, so that a full list does not move with each sample.
    if (list.length > MAX_SAMPLES[kind] * 1.5) list.splice(0, list.length - MAX_SAMPLES[kind]);
  }

  /** Counts what is alike within one second as one sample. */
  function count<K extends 'callbacks' | 'commits'>(
    kind: K,
    sample: Samples[K][number],
    isAlike: (one: Samples[K][number]) => boolean,
  ) {
    const list = kept[kind] as Samples[K][number][];
    const second = Math.floor(sample.at / 1_000);
    for (let index = list.length - 1; index >= 0; index -= 1) {
      const one = list[index];
      if (one === undefined || Math.floor(one.at / 1_000) !== second) break;
      if (!isAlike(one)) continue;
      list[index] = { ...one, count: one.count + 1 };
      return;
    }
    add(kind, sample);
  }

  function take(change: CommittedChange): void {
    const at = now();
    const request = requestSample(change, at);
    if (request !== null) add('requests', request);
    const end = endSample(change, at);
    if (end !== null) add('ends', end);
    const { execution, entry } = change;
    const about = aboutOf(change, at);
    if (entry.event === 'NOTIFICATION_DEAD') add('dead', about satisfies DeadSample);
    const word = execution.unknownWord ?? null;
    if (word === null || words.get(execution.reference) === word) return;
    if (words.size >= MAX_KNOWN_WORDS) words.clear();
    words.set(execution.reference, word);
    add('words', { ...about, word } satisfies WordSample);
  }

  return {
    /** For the listeners of the store; null: too many changes of other receivers to list. */
    changed: (changes: readonly CommittedChange[] | null): void => {
      for (const change of changes ?? []) take(change);
    },
    callback: (outcome: string): void => {
      const refused = REFUSED.has(outcome) ? outcome : null;
      count('callbacks', { at: now(), refused, count: 1 }, (one) => one.refused === refused);
    },
    committed: (milliseconds: number): void => {
      const isSlow = milliseconds > SLOW_COMMIT_MS;
      count('commits', { at: now(), isSlow, count: 1 }, (one) => one.isSlow === isSlow);
    },
    /** Returns the samples that are recent now. */
    samples: (): Samples => {
      const at = now();
      for (const kind of Object.keys(kept) as (keyof Samples)[]) {
        const list: Samples[keyof Samples][number][] = kept[kind];
        const first = list.findIndex((sample) => sample.at > at - KEPT_MS[kind]);
        list.splice(0, first < 0 ? list.length : first);
        // Of a clock that was set back since, they would stay recent for as long as the step.
        // promise: samples-follow-a-clock-that-is-set-back
        for (const [index, sample] of list.entries()) if (sample.at > at) list[index] = { ...sample, at };
      }
      return kept;
    },
  };
}

function aboutOf({ execution: { reference, actionId, app } }: CommittedChange, at: number) {
  return { at, reference, actionId, app };
}

function requestSample(change: CommittedChange, at: number): RequestSample | null {
  const { event, httpStatus, latencyMs } = change.entry;
  const about = aboutOf(change, at);
  // Without a latency no request was sent: the token that it needs cannot be fetched.
  const isUnsent = event === 'TOKEN_ERROR' || (event === 'NETWORK_ERROR' && latencyMs === null);
  if (isUnsent) return { ...about, result: 'no-token', reason: '' };
  if (!REQUESTS.has(event) || latencyMs === null) return null;
  const status = httpStatus ?? 0;
  if (status === 429) return { ...about, result: 'limited', reason: '' };
  if (status === 0) return { ...about, result: 'failed', reason: NO_RESPONSE };
  if (status >= 500) return { ...about, result: 'failed', reason: `answers ${status}` };
  return { ...about, result: 'passed', reason: '' };
}

function endSample(change: CommittedChange, at: number): EndSample | null {
  const { outcome, execution } = change;
  if (outcome !== 'resolved') return null;
  const { status } = execution;
  const channel = arrivalChannel(execution);
  const countsForCallbacks = channel === 'callback' || channel === 'poll' || channel === 'timeout';
  return {
    ...aboutOf(change, at),
    end: ENDS[status] ?? 'other',
    countsForCallbacks,
    missed: countsForCallbacks && channel !== 'callback',
  };
}
