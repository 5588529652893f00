// The lists of actions: the overview shows the busiest, the page on actions all that are counted by name.

import { expect, test } from 'vitest';
import { actionsTable } from '../../../src/http/console/data-actions-table.ts';
import type { ActionCounts } from '../../../src/stats/dashboard/dashboard.ts';
import { anExecution } from '../../support/executions.ts';
import { startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const ACTIONS = 25;

test('the overview shows the busiest actions and leads to the page that lists all', async () => {
  await using http = await startHttp();
  for (let index = 0; index < ACTIONS; index += 1) {
    const execution = anExecution({ actionId: `action-${index}` }, http.world.now());
    await http.store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
  }
  const operator = visitor(http);
  const rows = async (path: string) =>
    [...(await operator.get(path)).text.matchAll(/<th scope="row"><a href="\/console\/actions\/(action-\d+)">/g)].map(
      ([, actionId]) => actionId,
    );
  const overview = await operator.get('/');
  expect(await rows('/')).toHaveLength(20);
  expect(overview.text).toContain('<a href="/console/actions">5 more actions</a>');
  expect(new Set(await rows('/console/actions')).size).toBe(ACTIONS);
});

test('a row whose numbers are not those of the whole period says so', () => {
  const counts = { submitted: 1, ended: 0, byStatus: {}, byResolver: {}, total: { p50: null, p95: null } };
  const row = (countedFrom: number | null) =>
    String(actionsTable([{ ...counts, actionId: 'charge', countedFrom } as unknown as ActionCounts]));
  const at = '<span class="at">2026-01-31 12:00:00</span>';
  expect(row(Date.UTC(2026, 0, 31, 12))).toContain(
    `<small>counted from <time datetime="2026-01-31T12:00:00.000Z">${at}`,
  );
  expect(row(null)).not.toContain('counted from');
});
