// Incidents of requests to CXone: failures, rejected credentials, rate limits and pauses. Pure.
//
// The rule: CXone fails for an action when at least 3 of its requests of the last minute failed and they are at least half of them.
// The incident lasts until requests pass again: at least one after the last failure, with fewer than one in five failing.

import { MINUTE_MS } from '../lib/time.ts';
import { about, countOf, type Finding, mostFrequent, type OpenIncidents } from './finding.ts';
import type { Incident } from './incident.ts';
import { NO_RESPONSE, type RequestSample, type Signals } from './signals.ts';

const MIN_FAILED = 3;
const FAILING_SHARE = 0.5;
const STILL_FAILING_SHARE = 0.2;

const MIN_LIMITED = 5;
const LIMITED_SHARE = 0.1;
const STILL_LIMITED_SHARE = 0.02;
/** A shorter pause is a part of keeping the rate that CXone allows. */
const MIN_PAUSE_MS = 30_000;

/** Without any request, an incident of CXone is not seen to end; it ends after this time. */
const SILENT_MS = 15 * MINUTE_MS;

export function upstreamFindings(signals: Signals, open: OpenIncidents): Finding[] {
  const recent = signals.samples.requests.filter(({ at }) => at > signals.now - MINUTE_MS);
  const fails = failing(signals, recent, open.get('CxoneFails '));
  const token = fails === null ? withoutToken(signals, recent) : null;
  return [fails, token, limited(signals, recent, open.get('CxoneLimitsUs '))].filter((one) => one !== null);
}

function failing(signals: Signals, recent: readonly RequestSample[], known: Incident | undefined): Finding | null {
  const unreachable = signals.connectionProblems.toSorted((one, other) => one.since - other.since);
  const actions = [...Map.groupBy(recent, ({ actionId }) => actionId)].filter(([, own]) => isFailing(own, known));
  const own = actions.flatMap(([, samples]) => samples);
  const failed = own.filter(({ result }) => result === 'failed');
  if (failed.length === 0 && unreachable.length === 0) return known === undefined ? null : unseen(signals, known);
  const [first] = unreachable;
  const most = mostFrequent(failed.map(({ reason }) => reason));
  const isSilent = most === '' || most === NO_RESPONSE;
  const reason = first !== undefined && isSilent ? `cannot be reached at ${first.origin}: ${first.reason}` : most;
  // What waits for a connection is affected as much as what failed.
  const unsent = unreachable.length === 0 ? [] : [...recent.filter((one) => !isAnswered(one)), ...signals.heldUp];
  const times = failed.map(({ at }) => at);
  const since = Math.min(...times, ...unreachable.map((one) => one.since));
  return {
    cause: 'CxoneFails',
    subject: '',
    problem: `CXone ${reason}`,
    since,
    until: unreachable.length > 0 ? signals.now : Math.max(...times),
    ...about([...failed, ...unsent], [...own.filter((one) => one.at >= since && isAnswered(one)), ...unsent]),
  };
}

/** Requests without a token were never sent. */
function isAnswered({ result }: RequestSample): boolean {
  return result !== 'no-token';
}

function isFailing(samples: readonly RequestSample[], known: Incident | undefined): boolean {
  const failed = countOf(samples, ({ result }) => result === 'failed');
  if (failed === 0) return false;
  const share = failed / countOf(samples, isAnswered);
  const isKnown = known?.actions.includes(samples[0]?.actionId ?? '') ?? false;
  if (!isKnown) return failed >= MIN_FAILED && share >= FAILING_SHARE;
  return share >= STILL_FAILING_SHARE || samples.findLast(isAnswered)?.result === 'failed';
}

/** No request shows that CXone works again: the incident stays as it is. */
function unseen({ now, samples }: Signals, known: Incident): Finding | null {
  const passed = samples.requests.some(({ at, result }) => result === 'passed' && at > known.lastSeenAt);
  if (passed || now - known.lastSeenAt > SILENT_MS) return null;
  const { cause, subject, problem, startedAt, lastSeenAt, affected, total, actions, apps } = known;
  return { cause, subject, problem, since: startedAt, until: lastSeenAt, affected, total, actions, apps };
}

function withoutToken(signals: Signals, recent: readonly RequestSample[]): Finding | null {
  const { tokenProblem, now, queue, heldUp } = signals;
  if (tokenProblem === null) return null;
  // promise: what-waits-is-affected
  const waiting = [...recent.filter(({ result }) => result === 'no-token'), ...heldUp];
  const { affected, ...rest } = about(waiting, waiting);
  return {
    cause: 'CxoneGivesNoToken',
    subject: '',
    problem: `CXone gives no access token: ${tokenProblem.reason}`,
    since: tokenProblem.since,
    until: now,
    ...rest,
    affected: Math.max(affected, queue.queued),
    total: null,
  };
}

function limited(signals: Signals, recent: readonly RequestSample[], known: Incident | undefined): Finding | null {
  const { pause, now, heldUp } = signals;
  const refused = recent.filter(({ result }) => result === 'limited');
  const share = refused.length / Math.max(1, countOf(recent, isAnswered));
  const isLimited =
    known === undefined
      ? refused.length >= MIN_LIMITED && share >= LIMITED_SHARE
      : refused.length > 0 && share >= STILL_LIMITED_SHARE;
  const isPaused = pause !== null && pause.until > now && pause.until - pause.since >= MIN_PAUSE_MS;
  if (!isLimited && !isPaused) return null;
  const status = isPaused ? pause.httpStatus : 429;
  // A pause is one of all requests.
  const waiting = isPaused ? heldUp : [];
  return {
    cause: 'CxoneLimitsUs',
    subject: '',
    problem: isPaused
      ? `CXone pauses all requests for ${Math.ceil((pause.until - pause.since) / 1000)} s (${status})`
      : 'CXone limits the rate of requests (429)',
    since: Math.min(...refused.map(({ at }) => at), isPaused ? pause.since : now),
    until: isPaused ? now : Math.max(...refused.map(({ at }) => at)),
    ...about([...refused, ...waiting], [...recent.filter(isAnswered), ...waiting]),
  };
}
