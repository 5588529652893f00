// The incidents that have not ended, as lines of `watch` and `health`.

import { CAUSES, type Cause, extentText, type Incident, worstFirst } from '../incident/incident.ts';
import { grouped } from '../lib/figures.ts';
import { secondsTime } from '../lib/time.ts';
import type { StoreReader } from '../store/reader-port.ts';
import type { Line } from './print.ts';

const MAX_NAMES = 3;

/** Reads the incidents, the worst first. */
export async function openIncidents(reader: Pick<StoreReader, 'openIncidents'>): Promise<Incident[]> {
  return (await reader.openIncidents()).toSorted(worstFirst);
}

export function incidentLine(incident: Incident): Line {
  const { cause, problem, startedAt, actions, apps, acknowledgedBy } = incident;
  const names = actions.length > 0 ? actions : apps;
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const extent = extentText(incident, grouped);
  const facts = [
    `${problem} since ${secondsTime(startedAt)}`,
    ...(extent === '' ? [] : [extent]),
    ...(names.length === 0 ? [] : [names.slice(0, MAX_NAMES).join(', ') + more]),
    ...(acknowledgedBy === null ? [] : [`acknowledged by ${acknowledgedBy.replace('operator:', '')}`]),
    `see ${cause} in the runbook`,
  ];
  return { name: 'incident', level: CAUSES[cause] === 'critical' ? 'fail' : 'warn', message: facts.join('; ') };
}

/** Returns whether an incident has one of these causes. */
export function hasCause(incidents: readonly Incident[], causes: readonly Cause[]): boolean {
  return incidents.some(({ cause }) => causes.includes(cause));
}
