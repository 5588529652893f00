// Incidents as a store holds them, for tests.

import type { Incident } from '../../src/incident/incident.ts';

/** An incident of missing callbacks that lasts, with these members changed. */
export function lasting(startedAt: number, more: Partial<Incident> = {}): Incident {
  return {
    id: '019c1405-7a00-7000-8000-000000000002',
    cause: 'CallbacksStopped',
    subject: '',
    problem: 'CXone sends no callbacks (before: 4 %)',
    ...{ startedAt, lastSeenAt: startedAt + 30_000, endedAt: null },
    ...{ affected: 186, total: 186, actions: ['charge-card'], apps: ['shop'] },
    ...{ acknowledgedAt: null, acknowledgedBy: null },
    ...more,
  };
}
