// A tenant whose callbacks are forms with JSON in a field, and carry every check that can be configured.

import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { temporaryFolder } from '../support/temporary.ts';
import { callbackUrlOf, type Stage, setStage } from './stage.ts';

const HMAC_SECRET = 'the-hmac-secret-of-this-tenant-32-ch';
const CLIENT = { client_id: 'cxone', client_secret: 'client-secret-0123456789' };
const HEADER = { 'x-api-key': 'header-value-0123456789' };

const VERIFIERS = [
  { type: 'header', name: 'X-Api-Key' },
  { type: 'issued-token', lifetimeSeconds: 120 },
  // As NICE documents it for the webhooks of CXone Expert.
  { type: 'hmac', header: 'X-Nexus-Signature-256', prefix: 'sha256=', timestampHeader: 'X-Nexus-Timestamp' },
];
const SECRETS = {
  CALLBACK_HEADER_VALUE: HEADER['x-api-key'],
  CALLBACK_CLIENTS: `${CLIENT.client_id}:${CLIENT.client_secret}`,
  CALLBACK_HMAC_SECRET: HMAC_SECRET,
};

/** The path of a profile for callbacks in that dialect. */
function profileWith(verifiers: readonly object[]): string {
  const path = join(temporaryFolder(), 'tenant.json');
  const callback = {
    executionId: ['/job/id', '/id'],
    status: ['/job/state', '/state'],
    result: '/job/output',
    error: null,
    formField: 'payload',
    verifiers,
  };
  writeFileSync(path, JSON.stringify({ ...builtin, name: 'tenant', callback }));
  return path;
}

/** Starts a receiver with one execution at CXone, which sends no callback. */
async function setTenant(verifiers: readonly object[], env: Record<string, string> = SECRETS, runMs = 600_000) {
  const stage = await setStage({ CXONE_PROFILE: profileWith(verifiers), ...env });
  const id = await stage.submit({ runMs, callbacks: [] }, { graceSeconds: 3600, timeoutSeconds: 30 });
  await stage.untilStatus(id, 'PENDING');
  return { stage, id };
}

async function tokenOf(stage: Stage): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...CLIENT });
  const response = await fetch(`${stage.service().webhookUrl}/webhook/token`, { method: 'POST', body });
  return ((await response.json()) as { access_token: string }).access_token;
}

function signed(stage: Stage, body: string): Record<string, string> {
  const timestamp = String(Math.floor(stage.world.now() / 1000));
  const signature = createHmac('sha256', HMAC_SECRET).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-nexus-timestamp': timestamp, 'x-nexus-signature-256': `sha256=${signature}` };
}

async function post(stage: Stage, id: string, body: string, headers: Record<string, string>) {
  const response = await fetch(await callbackUrlOf(stage, id), { method: 'POST', body, headers });
  return { status: response.status, body: await response.text() };
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const BODY = `event=done&payload=${encodeURIComponent('{"job":{"state":"Completed","output":{"paid":12345678901234567891}}}')}`;

test('a callback with every check resolves its execution; one that lacks a check changes nothing', async () => {
  const { stage, id } = await setTenant(VERIFIERS);
  const shown = { ...HEADER, authorization: `Bearer ${await tokenOf(stage)}`, ...signed(stage, BODY) };
  const headers = { ...FORM, ...shown };
  const refused: Awaited<ReturnType<typeof post>>[] = [];
  for (const lacking of Object.keys(shown)) {
    const others = Object.entries(headers).filter(([name]) => name !== lacking);
    refused.push(await post(stage, id, BODY, Object.fromEntries(others)));
  }
  refused.push(await post(stage, id, BODY.replace('Completed', 'Failed'), headers));
  expect(refused.map(({ status }) => status)).toEqual(Array(5).fill(404));
  expect(new Set(refused.map(({ body }) => body)).size).toBe(1);
  expect((await stage.get(id)).status).toBe('PENDING');

  expect(await post(stage, id, BODY, headers)).toEqual({ status: 200, body: '{"outcome":"resolved"}' });
  const execution = await stage.get(id);
  expect(execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  expect(JSON.stringify(execution.result)).toBe('{"paid":12345678901234567891}');
});

test('a callback in XML, or one that cannot be read, is kept byte for byte, and CXone is polled at once', async () => {
  const { stage, id } = await setTenant([], {}, 5_000);
  const xml = '<?xml version="1.0"?><callback status="COMPLETED"/>\r\n';
  await stage.pass(6_000);
  expect(await post(stage, id, xml, { 'content-type': 'application/xml' })).toEqual({
    status: 202,
    body: '{"outcome":"unreadable"}',
  });
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll', pollCount: 1 });
  const kept = await stage.rows('SELECT content_type, body FROM callback_bodies');
  expect(kept).toEqual([{ content_type: 'application/xml', body: Buffer.from(xml) }]);
});

test('a receiver without the secret of a required check does not start, and names each', async () => {
  await expect(setTenant(VERIFIERS, {})).rejects.toThrow(
    /3 mistakes:\n {2}CALLBACK_HEADER_VALUE: missing.*\n {2}CALLBACK_CLIENTS: missing.*\n {2}CALLBACK_HMAC_SECRET: missing/,
  );
});
