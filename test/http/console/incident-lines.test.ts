// The line of an incident leads to exactly what it affects, to its section of the runbook, and to where an operator acts on it.

import { expect, test } from 'vitest';
import type { Incident } from '../../../src/incident/incident.ts';
import { lasting } from '../../support/incidents.ts';
import { START } from '../../support/manual-world.ts';
import { startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const ID = lasting(0).id;
const NO_EXECUTIONS = { actions: [], total: null };
const DOWN = {
  ...NO_EXECUTIONS,
  cause: 'NotifyEndpointDown',
  subject: 'shop https://hooks.example',
  apps: ['shop'],
} as const;
const AT_ENDPOINT = 'app=shop&amp;origin=https%3A%2F%2Fhooks.example';

/** Returns the addresses in the line of an incident, without that of its acknowledgement. */
async function linksOf(more: Partial<Incident>): Promise<string[]> {
  await using http = await startHttp();
  await http.store.saveIncidents({ incidents: [lasting(START - 60_000, more)], events: [], references: [] }, null);
  const { text } = await visitor(http, 'carol').get('/console/incidents');
  const [line = ''] = /<tr id="[^"]+" class="incident [\s\S]*?<\/tr>/.exec(text) ?? [];
  return [...line.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href);
}

test.for<[about: string, incident: Partial<Incident>, links: readonly string[]]>([
  ['counts executions', { cause: 'CxoneFails' }, [`/console/executions?incident=${ID}`, '/console/runbook/CxoneFails']],
  [
    'counts executions whose notifications were given up',
    { cause: 'DeadLetters', total: null },
    [`/console/executions?incident=${ID}`, '/console/runbook/DeadLetters', '/console/notifications?status=DEAD'],
  ],
  [
    'is about an endpoint',
    DOWN,
    [
      '/console/notifications?status=PENDING&amp;app=shop&amp;endpoint=https%3A%2F%2Fhooks.example',
      '/console/runbook/NotifyEndpointDown',
      `/console/endpoints?${AT_ENDPOINT}`,
    ],
  ],
  [
    'is about an endpoint that works again',
    { ...DOWN, endedAt: START - 1_000 },
    ['/console/runbook/NotifyEndpointDown', `/console/endpoints?${AT_ENDPOINT}`],
  ],
  [
    'is about the queue',
    { cause: 'QueueNearlyFull' },
    ['/console/executions?status=QUEUED', '/console/runbook/QueueNearlyFull'],
  ],
  [
    'is about the queue, which was sent meanwhile',
    { cause: 'QueueNearlyFull', endedAt: START - 1_000 },
    ['/console/runbook/QueueNearlyFull'],
  ],
  ['counts refused callbacks', { ...NO_EXECUTIONS, cause: 'CallbacksRefused' }, ['/console/runbook/CallbacksRefused']],
])('an incident that %s', async ([, incident, links]) => {
  expect(await linksOf(incident)).toEqual(links);
});
