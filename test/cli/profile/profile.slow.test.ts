// `profile`: a mistake in a profile is named with its line, a shipped one is a beginning, and a recording is a test of one.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProfile, parseProfile } from '../../../src/cxone/profile/profile.ts';
import { SHIPPED_NAMES } from '../../../src/cxone/profile/shipped.ts';
import { type ApiName, DIALECT_NAMES, type DialectName, dialectOf } from '../../../src/simulator/dialects.ts';
import { setStage } from '../../stories/stage.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command } from '../harness.ts';

function fileWith(content: string | object): string {
  const path = join(temporaryFolder(), 'tenant.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return path;
}

const recordings = new Map<string, string>();

/** What a tenant says, as the receiver recorded it: the same for the same fates. */
async function recordingOf(...fates: readonly string[]): Promise<string> {
  const recording = recordings.get(`${fates}`) ?? (await record(fates));
  recordings.set(`${fates}`, recording);
  return fileWith(recording);
}

async function record(fates: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  const stage = await setStage({ CXONE_RECORD_DIR: folder });
  for (const fate of fates) {
    const id = await stage.submit({ fate, runMs: 3_000 }, { graceSeconds: 5 });
    await stage.until(async () => {
      await stage.pass(1_000);
      return ['COMPLETED', 'REJECTED', 'TIMEOUT'].includes((await stage.get(id)).status);
    });
  }
  await Promise.all([stage.stop(), stage.pass(20_000, 5_000)]);
  return readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8');
}

describe('profile check', () => {
  test('finds nothing in a profile that is right', async () => {
    const file = fileWith(loadProfile(null));
    expect(await command(['profile', 'check', file])).toMatchObject({
      code: 0,
      out: `${file}: no mistakes\n`,
    });
  });

  test('names every mistake with its line, and what is missing with the line of what it is missing in', async () => {
    const { poll, ...rest } = loadProfile(null);
    const file = fileWith({
      ...rest,
      poll: { ...poll, notFound: 'perhaps', answer: { result: null, error: null } },
      extra: 1,
    });
    const { code, out } = await command(['profile', 'check', file]);
    expect(code).toBe(1);
    const lines = JSON.stringify(
      { ...rest, poll: { ...poll, notFound: 'perhaps', answer: { result: null, error: null } }, extra: 1 },
      null,
      2,
    ).split('\n');
    const lineOf = (text: string, from = 0) =>
      lines.findIndex((line, index) => index >= from && line.includes(text)) + 1;
    expect(out).toContain(`${file}:${lineOf('"perhaps"')} /poll/notFound: must be one of`);
    expect(out).toContain(`${file}:${lineOf('"answer"', lineOf('"poll"'))} /poll/answer/status: is missing`);
    expect(out).toContain(`${file}:${lineOf('"extra"')} /extra: is unknown here`);
  });

  test('names the line where a file is not JSON, and quotes nothing of it', async () => {
    const file = fileWith('{\n  "name": "x",\n  "token": s3cr3t-value\n}\n');
    const { code, out } = await command(['profile', 'check', file]);
    expect([code, out]).toEqual([1, expect.stringContaining(`${file}:3 (the whole profile): is not JSON`)]);
    expect(out).not.toContain('s3cr3t');
  });

  test('a file that is not there is not done', async () => {
    expect((await command(['profile', 'check', '/nowhere/at-all.json'])).code).toBe(2);
  });
});

describe('profile show', () => {
  test.for(SHIPPED_NAMES)(
    '%s is shown in full, is a profile again, and says that it was not verified',
    async (name) => {
      const { code, out, err } = await command(['profile', 'show', name]);
      expect(code).toBe(0);
      expect(parseProfile(JSON.parse(out))).toEqual(loadProfile(name));
      expect(err).toContain(`${name}: not verified against a tenant\n`);
      expect(err).toMatch(/^It needs CXONE_/m);
    },
  );

  test('without a name it is the one that is configured', async () => {
    const file = fileWith({ ...loadProfile(null), name: 'ours' });
    expect(JSON.parse((await command('profile show', { CXONE_PROFILE: file })).out).name).toBe('ours');
    expect(JSON.parse((await command('profile show')).out).name).toBe('cxone');
    expect((await command('profile show cxone-nothing')).code).toBe(1);
  });
});

/** What an operator could set, whatever the profile needs of it. */
function dialect(name: DialectName) {
  const discovered = loadProfile(name).discovery !== null;
  return (url: string) => ({
    ...(discovered ? { CXONE_BASE_URL: undefined, CXONE_ISSUER: url } : {}),
    ...{ CXONE_CLIENT_ID: 'simulator', CXONE_CLIENT_SECRET: 'simulator-secret', CXONE_TOKEN: 'simulator-token' },
    ...{ CXONE_ACCESS_KEY_ID: 'simulator-key', CXONE_ACCESS_KEY_SECRET: 'simulator-key-secret' },
    CXONE_PROFILE: name,
  });
}

/** Takes what each of the simulator's APIs asks for. */
const INPUTS: Readonly<Record<ApiName, object>> = {
  'data-actions': {},
  'script-start': { scriptPath: 'Callbacks\\Charge', parameters: ['42'] },
  jobs: { version: '1', startDate: '2026-11-01', endDate: '2026-11-02' },
};

describe('profile try', () => {
  test.for(DIALECT_NAMES)('what is recorded in the dialect of %s fits its profile', async (name) => {
    const folder = temporaryFolder();
    const stage = await setStage((url) => ({ ...dialect(name)(url), CXONE_RECORD_DIR: folder }), { dialect: name });
    const body = { actionId: '4711', graceSeconds: 5, inputs: INPUTS[dialectOf(name).api] };
    const { correlationId } = (await stage.request('POST', '/v1/executions', { body })).body;
    await stage.until(async () => {
      await stage.pass(5_000, 1_000);
      return (await stage.get(correlationId)).status === 'COMPLETED';
    });
    const { resolvedBy } = await stage.get(correlationId);
    await Promise.all([stage.stop(), stage.pass(20_000, 5_000)]);
    const recording = join(folder, readdirSync(folder)[0] ?? '');
    const { code, out } = await command(['profile', 'try', recording, '--profile', name]);
    expect([code, out]).toEqual([0, `ok   execution 1: COMPLETED by ${resolvedBy}\n`]);
    expect(readFileSync(recording, 'utf8')).not.toMatch(/simulator-(?:secret|key-secret|token)/);
  });

  test('a recording ends as it did at the tenant, with the profile that fits', async () => {
    const file = await recordingOf('lost-callback');
    const { code, out } = await command(['profile', 'try', file]);
    expect([code, out]).toEqual([0, 'ok   execution 1: COMPLETED by poll\n']);
  });

  test('a submission that the tenant rejected must be rejected again', async () => {
    const file = await recordingOf('refused-400', 'callback', 'rate-limited');
    expect(await command(['profile', 'try', file])).toMatchObject({
      code: 0,
      out: `ok   execution 1: REJECTED by submit: rejected again with 400, as recorded
ok   execution 2: COMPLETED by callback
ok   execution 3: COMPLETED by callback
`,
    });
  });

  test.each([null, 'PS256', 'ES384', 'EdDSA'])(
    'a profile with a private key (%s) and headers with secrets can be tried',
    async (algorithm) => {
      const file = await recordingOf('lost-callback');
      const { token, ...rest } = loadProfile(null);
      const headers = { 'X-Gateway': '{gateway-key}', 'X-Other': 'Key {other-key}' };
      const profile = fileWith({
        ...rest,
        token: { ...token, clientAuthentication: 'private-key-jwt', assertion: { algorithm } },
        headers,
      });
      const { code, out } = await command(['profile', 'try', file, '--profile', profile]);
      expect([code, out]).toEqual([0, 'ok   execution 1: COMPLETED by poll\n']);
    },
  );

  test('a recording that ends before an outcome is a warning', async () => {
    const file = await recordingOf('callback', 'error-500-lost');
    const { code, out } = await command(['profile', 'try', file]);
    expect([code, out]).toEqual([
      0,
      `ok   execution 1: COMPLETED by callback
warn execution 2: not tried: the recording ends before an outcome, with a 500 to the submission → record until the execution has ended
`,
    ]);
  });

  test('what does not fit is named with the line to change', async () => {
    const file = await recordingOf('callback');
    const other = loadProfile(null);
    const profile = fileWith({ ...other, callback: { ...other.callback, status: '/outcome' } });
    const { code, out } = await command(['profile', 'try', file, '--profile', profile, '--json']);
    expect(code).toBe(1);
    const { checks } = JSON.parse(out);
    expect(checks).toContainEqual({
      name: 'profile',
      level: 'fail',
      message: 'callback.status: the callback has no "/outcome", but has "/status"',
      advice: expect.stringMatching(/^change .*tenant\.json:\d+ \/callback\/status to "\/status"$/),
    });
  });

  test('a file that is not a recording is named', async () => {
    expect(await command(['profile', 'try', fileWith('{}')])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/line 1/),
    });
  });
});
