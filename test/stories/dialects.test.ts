// Each shipped profile, with the whole service, against the simulator in the dialect of the profile.

import { expect, test } from 'vitest';
import { isPollable, loadProfile, type Profile, sendsCallbackUrl } from '../../src/cxone/profile/profile.ts';
import { SHIPPED_NAMES, shippedProfile } from '../../src/cxone/profile/shipped.ts';
import type { Json } from '../../src/execution/json.ts';
import { DIALECT_NAMES, type DialectName, dialectOf } from '../../src/simulator/dialects.ts';
import { type Stage, setStage } from './stage.ts';

const CREDENTIALS = {
  client: { CXONE_CLIENT_ID: 'simulator', CXONE_CLIENT_SECRET: 'simulator-secret' },
  accessKey: { CXONE_ACCESS_KEY_ID: 'simulator-key', CXONE_ACCESS_KEY_SECRET: 'simulator-key-secret' },
  token: { CXONE_TOKEN: 'simulator-token' },
  none: { CXONE_CLIENT_ID: undefined, CXONE_CLIENT_SECRET: undefined },
};

/** The variables that an operator sets for each profile: exactly those that it needs. */
const NEEDS: { readonly [Name in DialectName]: (cxoneUrl: string) => Record<string, string | undefined> } = {
  cxone: () => CREDENTIALS.client,
  'cxone-discovery-client-credentials': (url) => ({ ...discovered(url), ...CREDENTIALS.client }),
  'cxone-discovery-password': (url) => ({ ...discovered(url), ...CREDENTIALS.client, ...CREDENTIALS.accessKey }),
  'cxone-access-key': () => ({ ...CREDENTIALS.none, ...CREDENTIALS.accessKey }),
  'cxone-static-token': () => ({ ...CREDENTIALS.none, ...CREDENTIALS.token }),
  'cxone-script-start': (url) => ({ ...discovered(url), ...CREDENTIALS.client, ...CREDENTIALS.accessKey }),
  'cxone-jobs': () => ({ ...CREDENTIALS.none, ...CREDENTIALS.accessKey }),
};

function discovered(url: string) {
  return { CXONE_BASE_URL: undefined, CXONE_ISSUER: url };
}

/** A submission that the API of the dialect accepts. */
function submission(name: DialectName, simulate: Json, more: object = {}) {
  switch (dialectOf(name).api) {
    case 'data-actions':
      return { actionId: 'charge', inputs: { amount: 42, simulate }, ...more };
    case 'script-start':
      return { actionId: '4711', inputs: { scriptPath: 'Callbacks\\Charge', parameters: ['42'], simulate }, ...more };
    case 'jobs':
      return { actionId: 'qm-workflows', inputs: { ...PERIOD, simulate }, ...more };
  }
}

const PERIOD = { version: '1', startDate: '2026-11-01', endDate: '2026-11-02' };

function open(name: DialectName): Promise<Stage> {
  return setStage((url) => ({ ...NEEDS[name](url), CXONE_PROFILE: name }), { dialect: name });
}

async function submit(stage: Stage, name: DialectName, simulate: Json = {}, more: object = {}): Promise<string> {
  const { status, body } = await stage.request('POST', '/v1/executions', { body: submission(name, simulate, more) });
  expect(status).toBe(202);
  return body.correlationId;
}

async function trailOf(stage: Stage, id: string) {
  const { body } = await stage.request('GET', `/v1/executions/${id}/audit`);
  return body.items as readonly { event: string; detail: { message?: string }; httpStatus: number | null }[];
}

/** Returns the dialects whose profile meets the condition. */
function those(holds: (profile: Profile) => boolean): DialectName[] {
  return DIALECT_NAMES.filter((name) => holds(loadProfile(name)));
}

const asksForTokens = ({ token }: Profile) => token.kind === 'request';

test('every shipped profile has a dialect, and every dialect has a profile', () => {
  expect(DIALECT_NAMES.toSorted()).toEqual(SHIPPED_NAMES.toSorted());
});

test.for(DIALECT_NAMES)('%s is valid as shipped, states its purpose, and names no tenant', (name) => {
  expect(loadProfile(name).name).toBe(name);
  expect(shippedProfile(name)).toMatchObject({ name, note: expect.stringMatching(/.{30}/), verified: false });
});

test.for(those(sendsCallbackUrl))('%s: an execution ends by its callback', async (name) => {
  const stage = await open(name);
  const id = await submit(stage, name);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'callback', pollCount: 0 });
  expect(stage.simulator.execution(id)).toMatchObject({ runs: 1, callbacks: [{ answer: '200 resolved' }] });
});

test.for(those(sendsCallbackUrl))('%s: a failure is reported by its callback', async (name) => {
  const stage = await open(name);
  const id = await submit(stage, name, 'callback-failed');
  await stage.untilStatus(id, 'FAILED');
  expect(await stage.get(id)).toMatchObject({ error: { code: 'SIMULATED_FAILURE' } });
});

test.for(those(isPollable))('%s: without a callback an execution ends by a poll', async (name) => {
  const stage = await open(name);
  const id = await submit(stage, name, 'lost-callback', { graceSeconds: 1, timeoutSeconds: 60 });
  await stage.untilStatus(id, 'PENDING');
  await stage.pass(45_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll', pollCount: 1 });
  expect(stage.simulator.execution(id)?.polls).toMatchObject([{ answer: 200 }]);
});

test.for(those((profile) => !isPollable(profile)))(
  '%s: without a callback an execution is never polled and ends at its deadline',
  async (name) => {
    const stage = await open(name);
    const id = await submit(stage, name, 'lost-callback', { graceSeconds: 5, timeoutSeconds: 5 });
    await stage.untilStatus(id, 'PENDING');
    await stage.pass(11_000);
    await stage.untilStatus(id, 'TIMEOUT');
    expect(await stage.get(id)).toMatchObject({ resolvedBy: 'deadline', pollCount: 0, executionId: null });
    expect(stage.simulator.stats().requests.poll).toBe(0);
  },
);

test.for(those(asksForTokens))('%s: a token that CXone refuses is renewed, and nothing is lost', async (name) => {
  const stage = await open(name);
  const first = await submit(stage, name);
  await stage.until(() => stage.simulator.execution(first)?.runs === 1);
  stage.simulator.revokeTokens();
  const id = await submit(stage, name);
  await stage.until(() => stage.simulator.execution(id)?.runs === 1);
  const posts = stage.simulator.execution(id)?.posts ?? [];
  expect([posts.length, posts[0]?.answer]).toEqual([2, 401]);
  expect(stage.simulator.stats().requests.token).toBe(2);
});

test.for(those((profile) => !asksForTokens(profile)))(
  '%s: a token that CXone refuses is reported, and executions wait for another',
  async (name) => {
    const stage = await open(name);
    stage.simulator.revokeTokens();
    const id = await submit(stage, name);
    await stage.until(async () => JSON.stringify(await trailOf(stage, id)).includes('CXONE_TOKEN'));
    expect(stage.simulator.execution(id)).toMatchObject({ runs: 0 });
    expect(await stage.get(id)).toMatchObject({ status: 'QUEUED' });
  },
);

test.for(DIALECT_NAMES)('%s: the reason of CXone for a refusal is in the audit trail', async (name) => {
  const stage = await open(name);
  const id = await submit(stage, name, 'refused-422');
  await stage.untilStatus(id, 'REJECTED');
  const message = 'CXone answered 422: simulated 422, as the fate refused-422 says';
  expect((await trailOf(stage, id)).at(-1)).toMatchObject({ event: 'FAILED', httpStatus: 422, detail: { message } });
  expect(await stage.get(id)).toMatchObject({ error: { code: 422, message } });
});

test.for([
  ['cxone-access-key', 'cxone-jobs', 'CXone answered 404'],
  ['cxone-jobs', 'cxone-access-key', 'CXone answered 404'],
] as const)('the profile %s is refused where the API is that of %s', async ([name, dialect, message]) => {
  const stage = await setStage((url) => ({ ...NEEDS[name](url), CXONE_PROFILE: name }), { dialect });
  const id = await submit(stage, name);
  await stage.untilStatus(id, 'REJECTED');
  expect(await stage.get(id)).toMatchObject({ error: { code: 404, message: expect.stringContaining(message) } });
});

test('a profile with another grant gets no token: executions wait, and their audit trail has the reason of CXone', async () => {
  const stage = await setStage(
    (url) => ({
      ...NEEDS['cxone-discovery-client-credentials'](url),
      CXONE_PROFILE: 'cxone-discovery-client-credentials',
    }),
    { dialect: 'cxone-discovery-password' },
  );
  const id = await submit(stage, 'cxone-discovery-client-credentials');
  await stage.until(async () => (await trailOf(stage, id)).some(({ event }) => event === 'TOKEN_ERROR'));
  expect(JSON.stringify(await trailOf(stage, id))).toContain('the grant here is password');
  expect(await stage.get(id)).toMatchObject({ status: 'QUEUED' });
});
