// Hosts of CXone that move or cannot be reached: no execution ends because of it, and the trail, the log and the page report it.

import { expect, test } from 'vitest';
import { startProxy } from '../support/proxy.ts';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const completed = (stage: Stage, id: string) =>
  stage.until(async () => {
    await stage.pass(500);
    return (await stage.get(id)).status === 'COMPLETED';
  });

const page = async (stage: Stage) =>
  (await fetch(stage.service().url, { headers: { authorization: `Bearer ${OPERATOR_KEY}` } })).text();

test.each([404, 410, 421, 'reset'] as const)('CXone moves, and the old host answers %s', async (answer) => {
  const stage = await setStage(
    (url) => ({ CXONE_BASE_URL: undefined, CXONE_PROFILE: 'cxone-discovery-client-credentials', CXONE_ISSUER: url }),
    { dialect: 'cxone-discovery-client-credentials', discoverySeconds: 2 },
  );
  const open = await stage.submit('lost-callback');
  await stage.untilStatus(open, 'PENDING');
  const { url } = await stage.simulator.listen();
  stage.simulator.move({ to: url, answer });
  const queued = await stage.submit('callback');
  // A submission whose connection broke may have arrived, so only the open execution ends.
  for (const id of answer === 'reset' ? [open] : [open, queued]) {
    await completed(stage, id);
    expect(stage.simulator.execution(id)?.posts.filter((post) => post.answer === 200)).toHaveLength(1);
  }
  const trail = await stage.request('GET', `/v1/executions/${queued}/audit`);
  expect(JSON.stringify(trail.body)).toContain(`discovery now names ${url}`);
  expect(stage.log.lines.filter(({ message }) => message.includes('has moved'))).toHaveLength(1);
});

test('a proxy rejects tunnels: executions wait, the log reports it once, and the page while it lasts', async () => {
  const proxy = await startProxy({ rejectWith: 407 });
  const stage = await setStage((url) => ({
    CXONE_BASE_URL: 'https://cxone.invalid',
    CXONE_TOKEN_URL: `${url}/api/v2/oauth/token`,
    CXONE_PROXY: proxy.url.replace('://', '://user:p4ssw0rd@'),
    NO_PROXY: '127.0.0.1',
  }));
  const id = await stage.submit('callback');
  await stage.until(async () => {
    await stage.pass(500);
    return (await stage.events(id)).filter((event) => event === 'NETWORK_ERROR').length >= 2;
  });
  expect(await stage.get(id)).toMatchObject({ status: 'QUEUED' });
  const reported = stage.log.lines.filter(({ message }) => message.includes('cannot be reached'));
  expect(reported).toMatchObject([{ level: 'warn', facts: { origin: 'https://cxone.invalid' } }]);
  const html = await page(stage);
  expect(html).toContain('CXone cannot be reached at https://cxone.invalid');
  const trail = JSON.stringify((await stage.request('GET', `/v1/executions/${id}/audit`)).body);
  for (const text of [html, trail, JSON.stringify(reported)]) {
    expect(text).toContain('requires credentials (407); set them in CXONE_PROXY');
    expect(text).not.toContain('p4ssw0rd');
  }
});
