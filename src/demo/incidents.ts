// The incidents that a demo causes: printed once when they begin, and once when they end.

import { extentText, type representIncident } from '../incident/incident.ts';
import type { World } from '../lib/world.ts';

/** As the API represents it. */
export type ShownIncident = Pick<
  ReturnType<typeof representIncident>,
  'id' | 'severity' | 'problem' | 'startedAt' | 'endedAt' | 'affected' | 'total' | 'actions'
>;

const CHECK_EVERY_MS = 1_000;

export interface IncidentSources {
  readonly incidents: () => Promise<readonly ShownIncident[]>;
  readonly out: { write(text: string): unknown };
}

/** Returns a function that prints what has changed since its last call, and `after` behind it. */
export function incidentPrinter({ incidents, out }: IncidentSources): (after?: string) => Promise<void> {
  const began = new Set<string>();
  const ended = new Set<string>();
  return async (after) => {
    const lines: string[] = [];
    for (const one of (await incidents()).toReversed()) {
      if (!began.has(one.id)) lines.push(`Incident (${one.severity}) since ${one.startedAt}: ${aboutOf(one)}.`);
      began.add(one.id);
      if (one.endedAt === null || ended.has(one.id)) continue;
      ended.add(one.id);
      lines.push(`Incident ended at ${one.endedAt}: ${one.problem}.`);
    }
    if (lines.length === 0) return;
    out.write(`${lines.join('\n')}\n`);
    if (after !== undefined) out.write(`\n${after}`);
  };
}

function aboutOf(incident: ShownIncident): string {
  const { problem, actions } = incident;
  const where = actions.length === 0 ? '' : `, ${actions.slice(0, 3).join(', ')}${actions.length > 3 ? ', …' : ''}`;
  return `${problem} (${extentText(incident)}${where})`;
}

/** Prints changes until the signal aborts. */
export async function followIncidents(
  print: () => Promise<void>,
  world: Pick<World, 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await print();
    await world.sleep(CHECK_EVERY_MS, signal);
  }
}
