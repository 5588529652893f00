// An operator learns of problems from incidents: while they last and afterwards, on the page, in the API and after a restart.

import { expect, test } from 'vitest';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const key = { key: OPERATOR_KEY };

const incidents = async (stage: Stage) => (await stage.request('GET', '/v1/incidents', key)).body.items;

const page = async (stage: Stage, path = '/') =>
  (await fetch(`${stage.service().url}${path}`, { headers: { authorization: `Bearer ${OPERATOR_KEY}` } })).text();

async function submitMany(stage: Stage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let one = 0; one < count; one += 1) ids.push(await stage.submit('callback'));
  return ids;
}

test('38 s of 503 are one incident while they last and after they ended, with exactly the affected executions', async () => {
  const stage = await setStage();
  const before = await stage.submit('callback');
  await stage.untilStatus(before, 'COMPLETED');
  await stage.pass(1_000);
  const began = stage.world.now();
  stage.simulator.outage({ answer: 503, ms: 38_000, calls: ['execute'] });
  const ids = await submitMany(stage, 4);
  await stage.pass(15_000, 500);

  const [open, ...others] = await incidents(stage);
  expect(others).toEqual([]);
  expect(open).toMatchObject({
    ...{ cause: 'CxoneFails', severity: 'critical', state: 'open', problem: 'CXone answers 503' },
    ...{ affected: 4, total: 4, apps: ['shop'], endedAt: null, runbook: 'docs/runbook.md#cxonefails' },
  });
  expect(Date.parse(open.startedAt)).toBeGreaterThanOrEqual(began);
  expect(Date.parse(open.startedAt)).toBeLessThan(began + 5_000);
  const html = await page(stage);
  expect(html).toContain('CXone answers 503');
  expect(html).toContain(`<a href="/console/executions?incident=${open.id}">4 of 4</a>`);
  expect(html).toContain('<a href="/console/runbook/CxoneFails">Runbook</a>');
  expect(await page(stage, '/console/runbook/CxoneFails')).toContain('More than half of the requests to CXone');

  const path = `/v1/incidents/${open.id}/acknowledge`;
  expect((await stage.request('POST', path, key)).body).toMatchObject({
    state: 'acknowledged',
    acknowledgedBy: 'operator:alice',
  });
  await stage.restart();
  expect(await incidents(stage)).toMatchObject([{ id: open.id, state: 'acknowledged' }]);

  await stage.pass(200_000, 1_000);
  const [ended] = await incidents(stage);
  expect(ended).toMatchObject({ id: open.id, state: 'ended', affected: 4, acknowledgedBy: 'operator:alice' });
  expect(Date.parse(ended.endedAt)).toBeLessThanOrEqual(began + 38_500);
  const affected = await stage.request('GET', `/v1/executions?incident=${open.id}`, key);
  const listed = affected.body.items.map(({ correlationId }: { correlationId: string }) => correlationId);
  expect(listed.toSorted()).toEqual(ids.toSorted());
  const question = `${stage.service().url}/console/incidents/${open.id}/acknowledge`;
  const asked = await fetch(question, { redirect: 'manual', headers: { authorization: `Bearer ${OPERATOR_KEY}` } });
  expect([asked.status, asked.headers.get('location')]).toEqual([303, `/console/incidents#${open.id}`]);
  const { body } = await stage.request('GET', `/v1/incidents/${open.id}`, key);
  expect(body.history).toMatchObject([
    { event: 'opened', by: null },
    { event: 'acknowledged', by: 'operator:alice' },
    { event: 'ended', by: null },
  ]);
  expect(await page(stage)).toContain('Ended (critical)');
});

test('without a token every queued execution is affected, and not only those that were tried first', async () => {
  const stage = await setStage();
  stage.simulator.outage({ answer: 401, ms: 20_000, calls: ['token'] });
  const ids = await submitMany(stage, 14);
  await stage.pass(10_000, 500);
  const [open] = await incidents(stage);
  expect(open).toMatchObject({ cause: 'CxoneGivesNoToken', affected: 14, total: null });
  const affected = await stage.request('GET', `/v1/executions?incident=${open.id}`, key);
  const listed = affected.body.items.map(({ correlationId }: { correlationId: string }) => correlationId);
  expect(listed.toSorted()).toEqual(ids.toSorted());
});

test('an unknown incident is a 404, and a state that does not exist names those that do', async () => {
  const stage = await setStage();
  const id = '019c1405-7a00-7000-8000-000000000009';
  expect((await stage.request('GET', `/v1/incidents/${id}`, key)).status).toBe(404);
  expect((await stage.request('POST', `/v1/incidents/${id}/acknowledge`, key)).status).toBe(404);
  const wrong = await stage.request('GET', '/v1/incidents?state=closed', key);
  expect(wrong.status).toBe(422);
  expect(JSON.stringify(wrong.body)).toContain('open, acknowledged, ended');
});
