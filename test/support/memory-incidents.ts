// Incidents of the store in memory.

import { type Incident, stateOf, worstFirst } from '../../src/incident/incident.ts';
import type { CountedReference, IncidentEvent, Incidents } from '../../src/store/incidents-port.ts';

export function createMemoryIncidents(): Pick<
  Incidents,
  | 'openIncidents'
  | 'listIncidents'
  | 'findIncident'
  | 'incidentHistory'
  | 'countedReferences'
  | 'saveIncidents'
  | 'acknowledgeIncident'
  | 'waitingAnnouncements'
  | 'pruneIncidents'
> {
  const incidents = new Map<string, Incident>();
  const events: (IncidentEvent & { readonly incident: string })[] = [];
  const references: CountedReference[] = [];
  return {
    openIncidents: async () => [...incidents.values()].filter(({ endedAt }) => endedAt === null),
    findIncident: async (id) => incidents.get(id),
    incidentHistory: async (id) => events.filter(({ incident }) => incident === id),
    countedReferences: async (id) => references.filter(({ incident }) => incident === id),
    listIncidents: async ({ state, from = 0, to = Number.POSITIVE_INFINITY, limit }) => {
      const found = [...incidents.values()]
        .filter((one) => state === undefined || stateOf(one) === state)
        .filter(({ startedAt }) => startedAt >= from && startedAt < to)
        .sort(worstFirst);
      return { items: found.slice(0, limit), more: found.length > limit };
    },
    saveIncidents: async (changes) => {
      for (const incident of changes.incidents) {
        const { acknowledgedAt, acknowledgedBy } = incidents.get(incident.id) ?? incident;
        incidents.set(incident.id, { ...incident, acknowledgedAt, acknowledgedBy });
      }
      events.push(...changes.events);
      references.push(...changes.references);
    },
    acknowledgeIncident: async (id, by, now) => {
      const incident = incidents.get(id);
      if (incident === undefined) return { outcome: 'unknown' };
      if (incident.endedAt !== null) return { outcome: 'ended', incident };
      if (incident.acknowledgedAt !== null) return { outcome: 'already', incident };
      const acknowledged = { ...incident, acknowledgedAt: now, acknowledgedBy: by };
      incidents.set(id, acknowledged);
      events.push({ incident: id, at: now, type: 'acknowledged', by });
      return { outcome: 'acknowledged', incident: acknowledged };
    },
    waitingAnnouncements: async () => 0,
    pruneIncidents: async (before) => {
      const old = [...incidents.values()].filter(({ endedAt }) => endedAt !== null && endedAt < before);
      for (const { id } of old) incidents.delete(id);
      return old.length;
    },
  };
}
