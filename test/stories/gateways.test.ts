// Gateways between the receiver and CXone, played by the simulator.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDatabase } from '../../src/cli/doctor/database.ts';
import { checkServerDatabase } from '../../src/cli/doctor/server-database.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { findFate } from '../../src/simulator/fates/catalogue.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

test.each(['too-early', 'request-timeout-adopted', 'cut-acceptance', 'cut-poll', 'sticky-gateway'] as const)(
  'the fate %s ends as the catalogue expects',
  async (fate) => {
    const { submission, expect: expected } = findFate(fate) ?? {};
    const stage = await setStage();
    const id = await stage.submit(fate, submission);
    await stage.until(async () => {
      await stage.pass(500);
      return !['QUEUED', 'UNCONFIRMED', 'PENDING'].includes((await stage.get(id)).status);
    });
    expect(await stage.get(id)).toMatchObject({ status: expected?.status, resolvedBy: expected?.resolvedBy });
    const events = await stage.events(id);
    expect(events.filter((event) => expected?.audit.includes(event))).toEqual(expected?.audit);
    const { posts, runs } = stage.simulator.execution(id) ?? {};
    expect([posts?.length, runs]).toEqual([expected?.posts, expected?.runs]);
  },
);

test('the polls of an execution go to the server that accepted it, also after a restart', async () => {
  const stage = await setStage();
  const ids = [await stage.submit('sticky-gateway'), await stage.submit('sticky-gateway')];
  for (const id of ids) await stage.untilStatus(id, 'PENDING');
  await stage.restart();
  for (const id of ids) {
    await stage.until(async () => {
      await stage.pass(1_000);
      return (await stage.get(id)).status === 'COMPLETED';
    });
    expect(stage.simulator.execution(id)?.polls.map(({ answer }) => answer)).toEqual([200]);
    expect(JSON.stringify(await stage.request('GET', `/v1/executions/${id}/audit`))).not.toContain('simulator-route');
  }
});

const REPORTED: readonly (readonly [
  string,
  Partial<SimulatorOptions>,
  object,
  (stage: Stage) => void,
  RegExp,
  RegExp,
])[] = [
  [
    'a token that is valid only later',
    { tokenDelayMs: 2_500 },
    {},
    () => {},
    /refuses the access token/,
    /refused the token/,
  ],
  [
    'a time of 401',
    {},
    {},
    ({ simulator }) => simulator.outage({ answer: 401, ms: 4_000, calls: ['execute'] }),
    /refuses the access token/,
    /refused the token/,
  ],
  [
    'a time of 403 with invalid_token',
    {},
    {},
    ({ simulator }) => {
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      simulator.outage({ answer: 403, ms: 4_000, calls: ['execute'], headers });
    },
    /refuses the access token/,
    /refused the token/,
  ],
  [
    'polls with 401',
    {},
    { callbacks: [], polls: [401, 401, 401, 'truth'] },
    () => {},
    /refuses the access token/,
    /refused the token/,
  ],
  ['425', {}, { fate: 'too-early' }, () => {}, /responds 425/, /responded 425/],
  ['408', {}, { fate: 'request-timeout-adopted' }, () => {}, /responds 408/, /responded 408/],
  ['a cut acceptance', {}, { fate: 'cut-acceptance' }, () => {}, /lose their end/, /lost its end/],
];

async function gatewayChecks({ database, world }: Stage) {
  const { DATABASE_URL: url, DATABASE_PATH: path = '' } = database;
  const checks =
    url === undefined
      ? checkDatabase({ path, mode: null, retentionDays: 0, world, progress: () => {} })
      : await checkServerDatabase({ url, world });
  return checks.filter(({ name }) => name === 'gateway');
}

test.each(REPORTED)(
  '%s is in the trail, in the log once, on the page while it lasts, and in doctor',
  async (...[_, options, simulate, prepare, words, doctor]) => {
    const stage = await setStage({}, options);
    prepare(stage);
    const page = async () => {
      const headers = { authorization: `Bearer ${OPERATOR_KEY}`, accept: 'text/html' };
      return (await fetch(`${stage.service().url}/`, { headers })).text();
    };
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await stage.submit(simulate, { graceSeconds: 1 }));
    await stage.until(async () => {
      await stage.pass(500);
      return stage.log.lines.some(({ message }) => words.test(message));
    });
    expect(await page()).toMatch(words);
    for (const id of ids) {
      await stage.until(async () => {
        await stage.pass(1_000);
        return (await stage.get(id)).status === 'COMPLETED';
      });
      const { items } = (await stage.request('GET', `/v1/executions/${id}/audit`)).body;
      expect(JSON.stringify(items)).toMatch(/"httpStatus":(?:401|403|425|408)|"cut":"/);
    }
    expect(stage.log.lines.filter(({ message }) => words.test(message))).toHaveLength(1);
    await stage.pass(61_000, 5_000);
    expect(await page()).not.toMatch(words);
    const found = (await gatewayChecks(stage)).filter(({ level }) => level === 'warn');
    expect(found).toMatchObject([{ message: expect.stringMatching(doctor), advice: expect.stringMatching(/\w/) }]);
  },
);

test('a secret whose file was rewritten is used without a restart, and no message repeats either', async () => {
  const path = join(temporaryFolder(), 'client-secret');
  writeFileSync(path, 'the-old-secret');
  const stage = await setStage({ CXONE_CLIENT_SECRET: undefined, CXONE_CLIENT_SECRET_FILE: path });
  const id = await stage.submit('callback', { graceSeconds: 10 });
  await stage.pass(5_000, 500);
  expect((await stage.get(id)).status).toBe('QUEUED');
  writeFileSync(path, 'simulator-secret\n');
  await stage.until(async () => {
    await stage.pass(500);
    return (await stage.get(id)).status === 'COMPLETED';
  });
  expect(JSON.stringify(stage.log.lines)).not.toMatch(/the-old-secret|simulator-secret/);
});

test('executions go to the API that the token response names', async () => {
  const path = join(temporaryFolder(), 'tenant.json');
  const { token, ...rest } = JSON.parse(JSON.stringify(loadProfile(null)));
  const answer = { ...token.answer, baseUrl: '/resource_server_base_uri' };
  writeFileSync(path, JSON.stringify({ ...rest, token: { ...token, url: '{issuer}/api/v2/oauth/token', answer } }));
  const env = (url: string) => ({ CXONE_PROFILE: path, CXONE_BASE_URL: undefined, CXONE_ISSUER: url });
  const stage = await setStage(env, { resourceServer: true });
  const id = await stage.submit('callback', { graceSeconds: 10 });
  await stage.untilStatus(id, 'COMPLETED');
});
