// Opens, continues and ends incidents by what is found now. Pure.

import type { Finding } from './finding.ts';
import { type Incident, keyOf } from './incident.ts';

/** The time without a sign after which an incident has ended, in milliseconds. */
const QUIET_MS = 30_000;

/** The time that a new process watches before it ends what an earlier one found, in milliseconds. */
const FIRST_LOOK_MS = 120_000;

export interface Step {
  /** Incidents to store, new ones included. */
  readonly changed: readonly Incident[];
  readonly opened: readonly Incident[];
  readonly ended: readonly Incident[];
}

export interface Now {
  readonly now: number;
  /** How long this process has watched, in milliseconds. */
  readonly watchedMs: number;
  readonly newId: (at: number) => string;
}

/** @param current incidents that have not ended, one per key. */
export function advance(
  current: readonly Incident[],
  findings: readonly Finding[],
  { now, watchedMs, newId }: Now,
): Step {
  const byKey = new Map(current.map((incident) => [keyOf(incident), incident]));
  const found = new Set(findings.map(keyOf));
  const opened: Incident[] = [];
  const changed: Incident[] = [];
  for (const finding of findings) {
    const known = byKey.get(keyOf(finding));
    const next = known === undefined ? opening(finding, newId(now)) : continued(known, finding);
    if (known === undefined) opened.push(next);
    if (known === undefined || differs(known, next)) changed.push(next);
  }
  // promise: incident-ends-after-quiet
  const hasWatched = watchedMs >= FIRST_LOOK_MS;
  const isOwn = ({ startedAt }: Incident) => startedAt > now - watchedMs;
  const ended = current
    .filter((incident) => !found.has(keyOf(incident)))
    .filter((incident) => now - incident.lastSeenAt >= QUIET_MS && (hasWatched || isOwn(incident)))
    .map((incident) => ({ ...incident, endedAt: incident.lastSeenAt }));
  const over = opened
    .filter((incident) => isOver(findings, incident))
    .map((one) => ({ ...one, endedAt: one.lastSeenAt }));
  const past = new Set(over.map(({ id }) => id));
  return {
    opened,
    changed: [...changed.filter(({ id }) => !past.has(id)), ...ended, ...over],
    ended: [...ended, ...over],
  };
}

/** Returns the incidents without times in the future, which a clock has that was set back since: otherwise they would not end before. */
export function notInFuture(incidents: readonly Incident[], now: number): readonly Incident[] {
  return incidents.map((incident) => {
    const lastSeenAt = Math.min(incident.lastSeenAt, now);
    const startedAt = Math.min(incident.startedAt, lastSeenAt);
    const isPast = lastSeenAt === incident.lastSeenAt && startedAt === incident.startedAt;
    return isPast ? incident : { ...incident, startedAt, lastSeenAt };
  });
}

function isOver(findings: readonly Finding[], incident: Incident): boolean {
  return findings.some((finding) => finding.isOver === true && keyOf(finding) === keyOf(incident));
}

function opening(finding: Finding, id: string): Incident {
  const { cause, subject, problem, since, until, affected, total, actions, apps } = finding;
  return {
    ...{ id, cause, subject, problem, affected, total, actions, apps },
    // What it was found by may have begun before the clock was set back.
    startedAt: Math.min(since, until),
    lastSeenAt: until,
    endedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
  };
}

/** An extent never shrinks: what was affected stays so. */
function continued(known: Incident, finding: Finding): Incident {
  const total = finding.total === null ? known.total : Math.max(known.total ?? 0, finding.total);
  return {
    ...known,
    problem: finding.problem,
    lastSeenAt: Math.max(known.lastSeenAt, finding.until),
    affected: Math.max(known.affected, finding.affected),
    total,
    actions: [...new Set([...known.actions, ...finding.actions])],
    apps: [...new Set([...known.apps, ...finding.apps])],
  };
}

function differs(one: Incident, other: Incident): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
