// Incidents that are written behind a step of the clock, by callers who have read their times before it.

import { expect } from 'vitest';
import type { Incidents } from '../../src/store/incidents-port.ts';
import type { ClockStep } from '../../src/store/upkeep-port.ts';
import { lasting } from '../support/incidents.ts';

const DAY_MS = 86_400_000;

/** Stores incidents before the step. Returns writes by the clock before the step, and a function that expects them by the new one. */
export async function incidentsAcross(store: Incidents, { from, to }: ClockStep) {
  const open = (id: string, giveUpAt: number | null) =>
    store.saveIncidents(
      {
        incidents: [lasting(from, { id, subject: id })],
        events: [{ incident: id, at: from, type: 'opened', by: null }],
        references: [],
      },
      giveUpAt,
    );
  await open('first', from + DAY_MS);
  await open('quiet', null);
  const [failed] = await store.dueAnnouncements(10, from);
  return {
    write: () =>
      Promise.all([
        open('second', from + DAY_MS),
        store.recordAnnouncement(failed?.id ?? 0, { deliveredAt: null, retryAt: from + 5_000, error: 'refused' }),
        store.acknowledgeIncident('quiet', 'operator:alice', from, from + DAY_MS),
      ]),
    expectNewClock: async () => {
      const due = async (now: number) =>
        (await store.dueAnnouncements(10, now)).map(({ event, incident, giveUpAt }) => [
          ...[event.type, incident.id, event.at - to, giveUpAt - to],
        ]);
      const atOnce = [
        ['opened', 'second', 0, DAY_MS],
        ['acknowledged', 'quiet', 0, DAY_MS],
      ];
      expect((await due(to)).toSorted()).toEqual(atOnce.toSorted());
      expect((await due(to + 5_000)).toSorted()).toEqual(
        [...atOnce, ['opened', 'first', from - to, DAY_MS]].toSorted(),
      );
      expect(await store.findIncident('quiet')).toMatchObject({ acknowledgedAt: to });
    },
  };
}
