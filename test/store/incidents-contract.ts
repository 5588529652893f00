// The contract of incidents and their announcements, against every store on disk.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Incident } from '../../src/incident/incident.ts';
import type { IncidentEvent } from '../../src/store/incidents-port.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, NOON } from '../support/executions.ts';
import { lasting } from '../support/incidents.ts';

const HOUR = 3_600_000;
const GIVE_UP = NOON + 24 * HOUR;
const ALICE = 'operator:alice';

const opened = (at: number): IncidentEvent => ({ at, type: 'opened', by: null });
const ended = (at: number): IncidentEvent => ({ at, type: 'ended', by: null });

export function incidentsContract(name: string, open: () => Promise<Store>): void {
  describe(`the contract of incidents: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function save(incident: Incident, event: IncidentEvent | null, giveUpAt: number | null = GIVE_UP) {
      const events = event === null ? [] : [{ ...event, incident: incident.id }];
      await store.saveIncidents({ incidents: [incident], events, references: [] }, giveUpAt);
    }

    test('an incident is stored with its history, and a change of it replaces what changed', async () => {
      const incident = lasting(NOON);
      await save(incident, opened(NOON));
      expect(await store.openIncidents()).toEqual([incident]);
      const over = { ...incident, problem: 'it is over', affected: 190, total: null, apps: ['crm', 'shop'] };
      await save({ ...over, endedAt: NOON + HOUR }, ended(NOON + HOUR));
      expect(await store.findIncident(incident.id)).toEqual({ ...over, endedAt: NOON + HOUR });
      expect(await store.incidentHistory(incident.id)).toEqual([opened(NOON), ended(NOON + HOUR)]);
      expect(await store.openIncidents()).toEqual([]);
      expect(await store.findIncident('019c1405-7a00-7000-8000-00000000000f')).toBeUndefined();
    });

    test('an execution that is counted twice is affected if it was once', async () => {
      const { id } = lasting(NOON);
      const references = [anExecution({}, NOON).reference, anExecution({}, NOON).reference];
      const counted = (isAffected: readonly boolean[]) =>
        references.map((reference, i) => ({ incident: id, reference, isAffected: isAffected[i] === true }));
      const save = (isAffected: readonly boolean[]) =>
        store.saveIncidents({ incidents: [lasting(NOON)], events: [], references: counted(isAffected) }, null);
      await save([true, false]);
      await save([false, false]);
      expect(await store.countedReferences(id)).toHaveLength(2);
      expect(await store.countedReferences(id)).toEqual(expect.arrayContaining(counted([true, false])));
    });

    test('the first acknowledgement stays, also when the incident is stored again, and an ended one has none', async () => {
      const incident = lasting(NOON);
      expect(await store.acknowledgeIncident(incident.id, ALICE, NOON, null)).toEqual({ outcome: 'unknown' });
      await save(incident, opened(NOON));
      const known = { ...incident, acknowledgedAt: NOON + 1, acknowledgedBy: ALICE };
      expect(await store.acknowledgeIncident(incident.id, ALICE, NOON + 1, null)).toEqual({
        outcome: 'acknowledged',
        incident: known,
      });
      expect(await store.acknowledgeIncident(incident.id, 'operator:bob', NOON + 2, null)).toEqual({
        outcome: 'already',
        incident: known,
      });
      await save({ ...incident, endedAt: NOON + HOUR }, ended(NOON + HOUR));
      expect(await store.acknowledgeIncident(incident.id, 'operator:bob', NOON, null)).toMatchObject({
        outcome: 'ended',
        incident: { acknowledgedBy: ALICE },
      });
      expect((await store.incidentHistory(incident.id)).map(({ type, by }) => [type, by])).toEqual([
        ['opened', null],
        ['acknowledged', ALICE],
        ['ended', null],
      ]);
    });

    test('the list is by state and start, what has not ended first, up to the limit', async () => {
      const ids = Array.from({ length: 4 }, (_, i) => `019c1405-7a00-7000-8000-00000000001${i}`);
      for (const [i, id = ''] of ids.entries()) {
        const startedAt = NOON + i * HOUR;
        await save(lasting(startedAt, { id, subject: id, endedAt: i < 2 ? startedAt + 1 : null }), null);
      }
      await store.acknowledgeIncident(ids[2] ?? '', ALICE, NOON, null);
      const listed = async (query: Partial<Parameters<Store['listIncidents']>[0]>) => {
        const { items, more } = await store.listIncidents({ limit: 10, ...query });
        return [items.map(({ id }) => ids.indexOf(id)), more];
      };
      expect(await listed({})).toEqual([[3, 2, 1, 0], false]);
      expect(await listed({ limit: 3 })).toEqual([[3, 2, 1], true]);
      expect(await listed({ state: 'open' })).toEqual([[3], false]);
      expect(await listed({ state: 'acknowledged' })).toEqual([[2], false]);
      expect(await listed({ state: 'ended' })).toEqual([[1, 0], false]);
      expect(await listed({ from: NOON + HOUR, to: NOON + 3 * HOUR })).toEqual([[2, 1], false]);
    });

    test('events are announced in their order, each until it is delivered or given up', async () => {
      const incident = lasting(NOON);
      await save(incident, opened(NOON));
      await save({ ...incident, endedAt: NOON + 1 }, ended(NOON + 1));
      expect(await store.dueAnnouncements(10, NOON - 1)).toEqual([]);
      const [first, ...others] = await store.dueAnnouncements(10, NOON + 1);
      expect(others).toEqual([]);
      expect(first).toMatchObject({ event: opened(NOON), attempts: 0, giveUpAt: GIVE_UP });
      expect(first?.incident.endedAt).toBe(NOON + 1);
      expect(await store.waitingAnnouncements()).toBe(2);
      const failure = { deliveredAt: null, retryAt: NOON + HOUR, error: 'connection refused' };
      await store.recordAnnouncement(first?.id ?? 0, failure);
      expect(await store.dueAnnouncements(10, NOON + 1)).toEqual([]);
      expect(await store.dueAnnouncements(10, NOON + HOUR)).toMatchObject([{ id: first?.id, attempts: 1 }]);
      await store.recordAnnouncement(first?.id ?? 0, { deliveredAt: NOON + HOUR, retryAt: null, error: null });
      expect(await store.dueAnnouncements(10, NOON + HOUR)).toMatchObject([{ event: ended(NOON + 1) }]);
      expect(await store.waitingAnnouncements()).toBe(1);
    });

    test.each([-HOUR, HOUR])('what is to be announced moves with the clock, by %i ms', async (step) => {
      await save(lasting(NOON), opened(NOON));
      const [first] = await store.dueAnnouncements(10, NOON);
      await store.recordAnnouncement(first?.id ?? 0, { deliveredAt: null, retryAt: NOON + 5_000, error: 'refused' });
      await store.moveDueTimes({ from: NOON, to: NOON + step });
      expect(await store.dueAnnouncements(10, NOON + step + 4_999)).toEqual([]);
      expect(await store.dueAnnouncements(10, NOON + step + 5_000)).toMatchObject([
        { id: first?.id, attempts: 1, giveUpAt: GIVE_UP + step },
      ]);
    });

    test('without announcements nothing is due, and what ended long ago is removed with its history', async () => {
      const incident = lasting(NOON, { endedAt: NOON + HOUR });
      await save(incident, ended(NOON + HOUR), null);
      await save(lasting(NOON, { id: '019c1405-7a00-7000-8000-000000000003' }), opened(NOON));
      expect(await store.waitingAnnouncements()).toBe(1);
      expect(await store.pruneIncidents(NOON + HOUR)).toBe(0);
      expect(await store.pruneIncidents(NOON + HOUR + 1)).toBe(1);
      expect(await store.findIncident(incident.id)).toBeUndefined();
      expect(await store.incidentHistory(incident.id)).toEqual([]);
      expect(await store.openIncidents()).toHaveLength(1);
    });
  });
}
