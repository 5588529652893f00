// The lists of actions: the overview shows the busiest, the page on actions all that are counted by name.

import { expect, test } from 'vitest';
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
