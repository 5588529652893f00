// Loop that detects incidents once a second, stores them, and removes those that ended long ago.

import { detect } from '../../incident/detect.ts';
import type { Finding } from '../../incident/finding.ts';
import { type Incident, keyOf, MAX_COUNTED } from '../../incident/incident.ts';
import { advance, notInFuture } from '../../incident/lifecycle.ts';
import type { Signals } from '../../incident/signals.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Work } from '../../lib/loop.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { CountedReference, Incidents } from '../../store/incidents-port.ts';
import { StoreUnavailable } from '../../store/port.ts';

/** Interval of the checks, in milliseconds. */
const CHECK_MS = 1_000;
/** Days for which an incident is kept after its end. */
const KEPT_DAYS = 30;
const PRUNE_EVERY_MS = 3_600_000;
/** Executions that one check adds to an incident: more are added by the next checks, so that each one is short. */
const MAX_ADDED = 250;

export interface IncidentWatchTools {
  readonly store: Pick<Incidents, 'openIncidents' | 'countedReferences' | 'saveIncidents' | 'pruneIncidents'>;
  readonly world: Pick<World, 'now' | 'elapsed' | 'id'>;
  readonly log: Log;
  /** @param isFirst true for the first check of the process. */
  readonly signals: (isFirst: boolean) => Promise<Signals>;
  /** How long an announcement is tried, in milliseconds; null without a webhook. */
  readonly announceForMs: number | null;
  /** Called after new events were stored. */
  readonly changed: () => void;
}

/** The executions that an incident counts; true for the affected ones. */
type Counted = Map<string, boolean>;

/** One function because the parts of a check share the counted executions. */
export function createIncidentWatch(tools: IncidentWatchTools): Work {
  const { store, world, log } = tools;
  const counted = new Map<string, Counted>();
  const beganAt = world.elapsed();
  let isFirst = true;
  let pruneAt = beganAt;

  async function countedOf(current: ReadonlyMap<string, Incident>, key: string): Promise<Counted> {
    const known = counted.get(key);
    if (known !== undefined) return known;
    const incident = current.get(key);
    const stored = incident === undefined ? [] : await store.countedReferences(incident.id);
    const own: Counted = new Map(stored.map(({ reference, isAffected }) => [reference, isAffected]));
    counted.set(key, own);
    return own;
  }

  async function withCounts(current: ReadonlyMap<string, Incident>, findings: readonly Finding[]) {
    const added = new Map<string, [reference: string, isAffected: boolean][]>();
    const totals: Finding[] = [];
    for (const finding of findings) {
      const { references, total } = finding;
      if (references === undefined) {
        totals.push(finding);
        continue;
      }
      const own = await countedOf(current, keyOf(finding));
      const news = count(own, references);
      added.set(keyOf(finding), news);
      const affected = [...own.values()].filter(Boolean).length;
      totals.push({
        ...finding,
        affected: Math.max(affected, references.affected.length === 0 ? finding.affected : 0),
        total: total === null ? null : Math.max(own.size, own.size === 0 ? total : 0),
      });
    }
    return { added, findings: totals };
  }

  async function check(stopping: AbortSignal): Promise<void> {
    const stored = await store.openIncidents();
    const signals = await tools.signals(isFirst);
    // promise: incident-follows-a-clock-that-is-set-back
    const current = notInFuture(stored, signals.now);
    const byKey = new Map(current.map((incident) => [keyOf(incident), incident]));
    // Loops that have been stopped look as if they were stuck.
    // promise: stop-is-not-an-incident
    if (stopping.aborted) return;
    isFirst = false;
    const { added, findings } = await withCounts(byKey, detect(signals, byKey));
    const watchedMs = world.elapsed() - beganAt;
    const { changed, opened, ended } = advance(current, findings, { now: signals.now, watchedMs, newId: world.id });
    const ids = new Map([...current, ...changed].map((incident) => [keyOf(incident), incident.id]));
    const references = [...added].flatMap(([key, news]) =>
      news.map(
        ([reference, isAffected]): CountedReference => ({ incident: ids.get(key) ?? '', reference, isAffected }),
      ),
    );
    const event = (type: 'opened' | 'ended') => (incident: Incident) => ({
      ...{ incident: incident.id, type, by: null },
      at: signals.now,
    });
    const events = [...opened.map(event('opened')), ...ended.map(event('ended'))];
    for (const incident of ended) counted.delete(keyOf(incident));
    const moved = current.filter((one, index) => one !== stored[index] && !changed.some(({ id }) => id === one.id));
    if (changed.length + moved.length + references.length === 0) return;
    const giveUpAt = tools.announceForMs === null ? null : signals.now + tools.announceForMs;
    await store.saveIncidents({ incidents: [...changed, ...moved], events, references }, giveUpAt);
    for (const { id, cause, problem } of opened) log.warn({ incident: id, cause, problem }, 'an incident began');
    for (const { id, cause, problem } of ended) log.info({ incident: id, cause, problem }, 'an incident ended');
    if (events.length > 0) tools.changed();
  }

  return async ({ signal }) => {
    try {
      await check(signal);
      if (world.elapsed() >= pruneAt) {
        await store.pruneIncidents(world.now() - KEPT_DAYS * DAY_MS);
        pruneAt = world.elapsed() + PRUNE_EVERY_MS;
      }
    } catch (error) {
      // Readiness reports a store that takes no writes. What was not stored is found again.
      counted.clear();
      if (!(error instanceof StoreUnavailable)) throw error;
      log.debug(() => ({ reason: reasonOf(error) }), 'incidents could not be stored');
    }
    return CHECK_MS;
  };
}

/** Adds the executions to those counted, and returns what is new. */
function count(own: Counted, { affected, total }: NonNullable<Finding['references']>): [string, boolean][] {
  const news: [string, boolean][] = [];
  const add = (reference: string, isAffected: boolean) => {
    if (news.length >= MAX_ADDED) return;
    const known = own.get(reference);
    if (known === true || known === isAffected) return;
    if (known === undefined && own.size >= MAX_COUNTED) return;
    own.set(reference, isAffected);
    news.push([reference, isAffected]);
  };
  for (const reference of affected) add(reference, true);
  for (const reference of total) add(reference, false);
  return news;
}
