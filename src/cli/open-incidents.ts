// The incidents that have not ended, as lines of `watch` and `health`.

import { affectedText, CAUSES, type Cause, extentText, type Incident, worstFirst } from '../incident/incident.ts';
import { grouped } from '../lib/figures.ts';
import { secondsTime } from '../lib/time.ts';
import type { StoreReader } from '../store/reader-port.ts';
import type { Line } from './print.ts';

/** Reads the incidents, the worst first. */
export async function openIncidents(reader: Pick<StoreReader, 'openIncidents'>): Promise<Incident[]> {
  return (await reader.openIncidents()).toSorted(worstFirst);
}

export function incidentLine(incident: Incident): Line {
  const { cause, problem, startedAt, acknowledgedBy } = incident;
  const [extent, affected] = [extentText(incident, grouped), affectedText(incident)];
  const facts = [
    `${problem} since ${secondsTime(startedAt)}`,
    ...(extent === '' ? [] : [extent]),
    ...(affected === '' ? [] : [affected]),
    ...(acknowledgedBy === null ? [] : [`acknowledged by ${acknowledgedBy.replace('operator:', '')}`]),
    `see ${cause} in the runbook`,
  ];
  return { name: 'incident', level: CAUSES[cause] === 'critical' ? 'fail' : 'warn', message: facts.join('; ') };
}

/** Returns whether an incident has one of these causes. */
export function hasCause(incidents: readonly Incident[], causes: readonly Cause[]): boolean {
  return incidents.some(({ cause }) => causes.includes(cause));
}
