// A token from the configuration: used as it is, never renewed, and never the reason why a submission is given up.

import { expect, test } from 'vitest';
import { loadProfile } from '../../../src/cxone/profile/profile.ts';
import { anExecution } from '../../support/executions.ts';
import { START } from '../../support/manual-world.ts';
import { sendJson, startUpstream } from '../../support/upstream.ts';
import { CALLBACK_URL, startClient } from '../harness.ts';
import { jwt } from './jwt.ts';

const profile = loadProfile('cxone-static-token');
const noClient = { clientId: null, clientSecret: null };

test('is sent as it is, and no token is asked for', async () => {
  const tenant = await startUpstream((_, response) => sendJson(response, 202, { executionId: 'e-1' }));
  const { cxone } = startClient(tenant.url, { profile, ...noClient, token: 'opaque-token' });
  await cxone.authorize();
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: 'e-1' });
  expect(tenant.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer opaque-token']);
});

test('one that CXone refuses holds submissions back instead of losing them, and is tried again after a while', async () => {
  let status = 401;
  const tenant = await startUpstream((_, response) => sendJson(response, status, { message: 'expired: opaque-token' }));
  const { cxone, world } = startClient(tenant.url, { profile, ...noClient, token: 'opaque-token' });
  const refused = {
    type: 'unsent',
    message: 'not sent: CXone does not take CXONE_TOKEN; set a new one and restart, or rewrite CXONE_TOKEN_FILE',
  };
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ ...refused, retryAfterMs: 8_000 });
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject(refused);
  expect(tenant.received).toHaveLength(1);
  status = 202;
  await world.advance(8_000);
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
});

test('one with an expiry is reported at its first use, and not sent after it', async () => {
  const tenant = await startUpstream((_, response) => sendJson(response, 202, {}));
  const token = jwt({ exp: START / 1000 + 60 });
  const { cxone, world, log } = startClient(tenant.url, { profile, ...noClient, token });
  await cxone.authorize();
  await cxone.authorize();
  const warned = log.lines.filter(({ message }) => message.startsWith('CXONE_TOKEN is not renewed'));
  expect(warned).toMatchObject([{ level: 'warn', facts: { endsAt: '2026-01-01T00:01:00.000Z' } }]);
  await world.advance(60_000);
  await expect(cxone.authorize()).rejects.toThrow('CXONE_TOKEN has ended; set a new one and restart');
  expect(tenant.received).toHaveLength(0);
});
