// Records the actions of operators: a line before the action has any effect, completed by its outcome.

import { reasonOf } from '../../lib/log.ts';
import { isoTime } from '../../lib/time.ts';
import type { ActivityAction, ActivityEnd, ActivityLog } from '../../store/activity-port.ts';
import { StoreUnavailable } from '../../store/port.ts';
import type { Runtime } from '../dependencies.ts';

export interface ActivityTools {
  readonly store: Pick<ActivityLog, 'beginActivity' | 'endActivity'>;
  readonly runtime: Pick<Runtime, 'world' | 'log'>;
}

export interface OperatorAction {
  readonly action: ActivityAction;
  /** As audit entries name the caller. What apps do is not recorded. */
  readonly by: string;
  readonly reason: string | null;
  readonly target?: string;
  /** Of a bulk action. */
  readonly filter?: object;
}

type End = Omit<ActivityEnd, 'endedAt'>;

const UNCOUNTED = { matched: null, changed: null };

/** Performs an action that responds, and records it. */
export async function recordAction(
  { store, runtime: { world, log } }: ActivityTools,
  action: OperatorAction,
  work: () => Promise<Response>,
): Promise<Response> {
  if (!action.by.startsWith('operator:')) return work();
  const { target = null, filter } = action;
  const line = { ...action, target, filter: filter === undefined ? null : filterText(filter) };
  const id = await store.beginActivity({ ...line, startedAt: world.now() });
  const end = async (how: End) => {
    try {
      await store.endActivity(id, { ...how, endedAt: world.now() });
    } catch (error) {
      // The action has had its effect: its caller gets the result, and the line stays "running".
      if (!(error instanceof StoreUnavailable)) throw error;
      log.warn({ activity: id, reason: reasonOf(error) }, 'the end of an action of an operator could not be recorded');
    }
  };
  let response: Response;
  try {
    response = await work();
  } catch (error) {
    await end({ outcome: 'failed', ...UNCOUNTED });
    throw error;
  }
  await end(await endOf(response, filter !== undefined));
  return response;
}

async function endOf(response: Response, isBulk: boolean): Promise<End> {
  const refusal = response.status < 500 ? 'refused' : 'failed';
  const outcome = response.status < 400 ? 'done' : refusal;
  if (!isBulk) return { outcome, ...UNCOUNTED };
  const { matched, done, replayed, erased } = (await response.clone().json()) as { readonly [name: string]: unknown };
  const changed = done ?? replayed ?? erased;
  return {
    outcome,
    matched: typeof matched === 'number' ? matched : null,
    changed: typeof changed === 'number' ? changed : null,
  };
}

/** The text of a search may be the very content that is erased, so that only its presence is kept. */
function filterText(filter: object): string {
  const kept = Object.entries(filter).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'hidden' || name === 'reason' || value === null || value === undefined) return [];
    // promise: activity-keeps-no-searched-text
    if (name === 'text' || name === 'error') return [[name, '(hidden)']];
    return [[name, name === 'from' || name === 'to' ? isoTime(value) : value]];
  });
  return JSON.stringify(Object.fromEntries(kept));
}
