// Incidents of callbacks: missed, stopped, refused, and under unknown status words. Pure.

import { MINUTE_MS } from '../lib/time.ts';
import {
  about,
  countOf,
  distinct,
  type Finding,
  mostFrequent,
  NO_EXECUTIONS,
  type OpenIncidents,
  sumOf,
  timesOf,
} from './finding.ts';
import type { EndSample, MissedCallbacks, Signals } from './signals.ts';

const REFUSED_WINDOW_MS = 5 * MINUTE_MS;
const MIN_REFUSED = 5;
const REFUSED_SHARE = 0.2;
const MAX_NAMED = 5;

/** Outcomes by which callbacks are seen to arrive again, and the rise of the share of missing ones that is noise. */
const RECOVERED_AFTER = 20;
const USUAL_RISE = 0.05;

export function callbackFindings(signals: Signals, open: OpenIncidents): Finding[] {
  const { missedCallbacks } = signals;
  return [
    ...(missedCallbacks === null || missedCallbacks.length === 0 ? [] : missed(signals, missedCallbacks, open)),
    ...refused(signals, open),
    ...unknownWords(signals),
  ];
}

/** One incident for all actions: what keeps callbacks away is rarely one action alone. */
function missed({ now, samples }: Signals, actions: readonly MissedCallbacks[], open: OpenIncidents): Finding[] {
  const sum = (name: 'missed' | 'outcomes') => actions.reduce((total, one) => total + one[name], 0);
  const starts = actions.map((one) => missedSince(samples.ends, one)).filter((at) => at !== null);
  const since = starts.length === 0 ? now : Math.min(...starts);
  const names = new Set(actions.map(({ actionId }) => actionId));
  const later = samples.ends.filter((end) => names.has(end.actionId) && end.at >= since && end.countsForCallbacks);
  if (hasRecovered(later, actions)) return [];
  const none = later.length > 0 && later.every((end) => end.missed);
  const { references, apps } = about(
    later.filter((end) => end.missed),
    later,
  );
  const before = actions.length === 1 ? actions[0]?.shareBefore : null;
  const usual = before == null ? '' : ` (before: ${Math.round(100 * before)} %)`;
  // An incident keeps its cause, whether some callbacks arrive or none.
  const known = (['CallbacksStopped', 'CallbacksMissed'] as const).find((cause) => open.has(`${cause} `));
  return [
    {
      cause: known ?? (none ? 'CallbacksStopped' : 'CallbacksMissed'),
      subject: '',
      problem: none ? `CXone sends no callbacks${usual}` : `More callbacks are missing than usual${usual}`,
      since,
      until: later.findLast((end) => end.missed)?.at ?? now,
      actions: [...names],
      apps,
      affected: references.affected.length || sum('missed'),
      total: references.total.length || sum('outcomes'),
      references,
    },
  ];
}

/** The alert lasts for the rest of the hour, the incident until callbacks arrive as before. */
function hasRecovered(ends: readonly EndSample[], actions: readonly MissedCallbacks[]): boolean {
  const last = ends.slice(-RECOVERED_AFTER);
  const usual = Math.max(...actions.map(({ shareBefore }) => shareBefore ?? 0));
  return last.length === RECOVERED_AFTER && countOf(last, (end) => end.missed) / last.length <= usual + USUAL_RISE;
}

/**
 * Returns when the share of missing callbacks of an action rose: the place where the sum of differences from the mean of both
 * shares is least. Null without samples.
 */
export function missedSince(ends: readonly EndSample[], action: MissedCallbacks): number | null {
  const { actionId, missed: count, outcomes, shareBefore } = action;
  const own = ends.filter((end) => end.actionId === actionId && end.countsForCallbacks);
  const middle = ((shareBefore ?? 0) + count / Math.max(1, outcomes)) / 2;
  let [sum, least, since] = [0, 0, own.find((end) => end.missed)?.at ?? null];
  for (const [index, end] of own.entries()) {
    sum += Number(end.missed) - middle;
    if (sum >= least) continue;
    least = sum;
    since = own.slice(index + 1).find((later) => later.missed)?.at ?? since;
  }
  return since;
}

function refused({ now, samples }: Signals, open: OpenIncidents): Finding[] {
  const recent = samples.callbacks.filter(({ at }) => at > now - REFUSED_WINDOW_MS);
  const bad = recent.filter((one) => one.refused !== null);
  const isKnown = open.has('CallbacksRefused ');
  const [affected, total] = [sumOf(bad), sumOf(recent)];
  const isRefused = affected >= (isKnown ? 1 : MIN_REFUSED) && affected / total >= REFUSED_SHARE;
  const times = timesOf(bad);
  if (!isRefused || times === null) return [];
  const problem = `Callbacks are refused: ${mostFrequent(bad.map((one) => one.refused ?? ''))}`;
  return [{ ...NO_EXECUTIONS, ...times, cause: 'CallbacksRefused', problem, affected, total }];
}

function unknownWords({ samples: { words } }: Signals): Finding[] {
  const times = timesOf(words);
  if (times === null) return [];
  const names = distinct(words.map(({ word }) => word));
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const named = names.slice(0, MAX_NAMED).map((name) => `“${name}”`);
  const problem = `CXone uses status words that the profile does not list: ${named.join(', ')}${more}`;
  return [{ ...times, ...about(words, words), cause: 'UnknownStatusWords', subject: '', problem, total: null }];
}
