// `doctor`: what is wrong is named with what to do about it, and a receiver that runs is not disturbed.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { generate } from 'selfsigned';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Check } from '../../../src/cli/doctor/check.ts';
import { loadProfile } from '../../../src/cxone/profile/profile.ts';
import builtin from '../../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { freePort } from '../../../src/lib/free-port.ts';
import { createSimulator } from '../../../src/simulator/app.ts';
import type { SimulatorOptions } from '../../../src/simulator/options.ts';
import { setStage } from '../../stories/stage.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { DEAD_URL, sendJson, startUpstream } from '../../support/upstream.ts';
import { dropGuards } from '../../support/writable-views.ts';
import { command, fill, openStore, SECRET, writtenDatabase } from '../harness.ts';

async function environment(options: Partial<SimulatorOptions> = {}): Promise<Record<string, string>> {
  const simulator = createSimulator(options);
  onTestFinished(() => simulator.close());
  const port = await freePort();
  return {
    // As if a proxy in front of the receiver stood on this machine.
    PORT: String(port),
    CXONE_BASE_URL: (await simulator.listen()).url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    APP_KEYS: 'shop:the-shop-key-0123456789',
    DATABASE_PATH: await writtenDatabase(),
  };
}

async function checks(env: Record<string, string>, flags = ''): Promise<{ code: number; checks: Check[] }> {
  const { code, out } = await command(`doctor --json${flags}`, env);
  const report = JSON.parse(out);
  expect(report.ok).toBe(code === 0);
  return { code, checks: report.checks };
}

/** In these tests the public URL is this machine, and keys are readable. */
const NOT_HERE = ['public url', 'weak secrets'];

async function findings(env: Record<string, string>, flags = '') {
  const report = await checks(env, flags);
  const found = report.checks.filter(({ level, name }) => level !== 'ok' && !NOT_HERE.includes(name));
  for (const { advice } of found) expect(advice).toMatch(/\w/);
  return { code: report.code, found: found.map(({ name, level, message }) => [level, name, message]) };
}

const said = (text: RegExp) => expect.stringMatching(text);

describe('doctor', () => {
  test('finds nothing where all is well, and says what it looked at, one line each', async () => {
    const { code, out } = await command('doctor', await environment());
    expect(code).toBe(0);
    const names = out.split('\n').map((line) => /^(?:ok {3}|warn (?=public url))([a-z ]+):/.exec(line)?.[1] ?? line);
    expect(names).toEqual([
      'configuration',
      'public url',
      'callback secret',
      'database',
      'integrity',
      'audit chain',
      'conservation',
      'gateway',
      'disk',
      'wal',
      'permissions',
      'name',
      'name',
      'upstream',
      'scopes',
      'poll',
      'clock',
      'callback path',
      '',
    ]);
  });

  test('looks on while a receiver has the database open, and leaves it its lock', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    await fill(store, 5);
    expect((await checks({ ...(await environment()), DATABASE_PATH: path })).code).toBe(0);
    await fill(store, 5);
    expect(() => openStore(path)).toThrow(/in use by another receiver/);
  });

  test('names every mistake in the configuration, and looks at the database all the same', async () => {
    const { code, found } = await findings({ DATABASE_PATH: await writtenDatabase(), PORT: 'eighty' });
    expect(code).toBe(1);
    const names = ['CXONE_ORG_DOMAIN', 'CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'PUBLIC_URL', 'PORT', 'APP_KEYS'];
    expect(found).toEqual(names.map((name) => ['fail', 'configuration', said(new RegExp(`^${name}: `))]));
  });

  test('names the secrets of callbacks that the profile requires and that are not set', async () => {
    const path = join(temporaryFolder(), 'tenant.json');
    const callback = { ...builtin.callback, verifiers: [{ type: 'basic' }, { type: 'issued-token' }] };
    writeFileSync(path, JSON.stringify({ ...builtin, callback }));
    const { code, found } = await findings({ ...(await environment()), CXONE_PROFILE: path });
    expect(code).toBe(1);
    const names = ['CALLBACK_BASIC_AUTH', 'CALLBACK_CLIENTS'];
    expect(found).toEqual(names.map((name) => ['fail', 'configuration', said(new RegExp(`^${name}: missing; `))]));
  });

  test('warns of a public address that CXone cannot reach or everybody can read', async () => {
    const env = await environment();
    for (const [url, message] of [
      ['http://127.0.0.1:8080', /this machine/],
      ['http://receiver.example.com', /not encrypted/],
    ] as const) {
      const { code, checks: found } = await checks({ ...env, PUBLIC_URL: url }, ' --offline');
      const reported = found
        .filter(({ name }) => name === 'public url')
        .map(({ level, message: words }) => [level, words]);
      expect([code, reported]).toEqual([0, [['warn', said(message)]]]);
    }
  });

  test('warns of notifications that everybody can read, and of secrets that are being rotated', async () => {
    const env = await environment();
    const [app = ''] = (env['APP_KEYS'] ?? '').split(':');
    const secrets = [1, 2].map((byte) => `${app}:whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const { code, found } = await findings({
      ...env,
      NOTIFY_ALLOWED_HOSTS: '*:http://crm.internal,*:https://hooks.example,*:http://127.0.0.1:9000',
      NOTIFY_SECRETS: secrets.join(),
    });
    expect([code, found]).toEqual([
      0,
      [
        ['warn', 'notifications', said(/^http:\/\/crm\.internal is not encrypted/)],
        ['warn', 'notifications', said(/rotated: 2 sign/)],
      ],
    ]);
  });

  test.each([
    ['an entry that was altered', "UPDATE audit_events SET app = 'x' WHERE id = 5", 'audit chain', /entry 5/],
    [
      'a row that went missing',
      'DELETE FROM executions WHERE correlation_id = (SELECT correlation_id FROM execution_rows WHERE id = 3)',
      'conservation',
      /off by 1/,
    ],
    [
      'tables of a newer version',
      "INSERT INTO __drizzle_migrations VALUES (9, 'x', 9e15)",
      'database',
      /newer version/,
    ],
  ])('fails on %s', async (_, statement, name, message) => {
    const env = await environment();
    const sql = new Database(env['DATABASE_PATH']);
    dropGuards(sql);
    sql.exec(statement);
    sql.close();
    const { code, found } = await findings(env);
    expect(code).toBe(1);
    expect(found).toContainEqual(['fail', name, said(message)]);
  });

  test('fails on a damaged or foreign file, and only warns about a missing one', async () => {
    const env = await environment();
    const folder = temporaryFolder();
    const at = (name: string) => ({ ...env, DATABASE_PATH: join(folder, name) });
    writeFileSync(join(folder, 'notes.txt'), 'these are my notes. '.repeat(200), { mode: 0o600 });
    expect((await findings(at('notes.txt'))).found).toEqual([['fail', 'database', said(/not an SQLite database/)]]);
    mkdirSync(join(folder, 'sub'));
    const absent = await findings(at('sub/deep/receiver.db'));
    expect([absent.code, absent.found]).toEqual([0, [['warn', 'database', said(/not there yet/)]]]);
  });

  test('names the scopes that the token lacks', async () => {
    const { code, found } = await findings(await environment({ scope: 'dx:actions:read' }));
    expect([code, found]).toEqual([1, [['fail', 'scopes', 'the token lacks dx:actions:execute']]]);
  });

  test('distinguishes wrong credentials from an unreachable upstream, and quotes no secret', async () => {
    const env = await environment();
    const wrong = await findings({ ...env, CXONE_CLIENT_SECRET: 'not-the-secret' });
    expect([wrong.code, wrong.found]).toEqual([1, [['fail', 'upstream', said(/answered the token request with 401/)]]]);
    expect(JSON.stringify(wrong)).not.toContain('not-the-secret');
    const gone = await findings({ ...env, CXONE_BASE_URL: DEAD_URL });
    expect([gone.code, gone.found]).toEqual([
      1,
      [
        ['fail', 'upstream', said(/ECONNREFUSED/)],
        ['warn', 'clock', said(/cannot be compared/)],
      ],
    ]);
  });

  test.each([
    [200, '{"error":"invalid_client"}', {}, /"\/access_token": invalid_client$/, /CXONE_CLIENT_SECRET/],
    [
      200,
      '{"error":"invalid_grant","error_description":"The user is locked"}',
      {},
      /: invalid_grant: The user is locked$/,
      /access key/,
    ],
    [
      200,
      '<!DOCTYPE html><html><head><title>Sign in &ndash; Acme</title></head>',
      {},
      /it is a web page with the title "Sign in &ndash; Acme"$/,
      /CXONE_TOKEN_URL/,
    ],
    [
      302,
      '',
      { location: 'https://login.acme.example/start?state=s3cret' },
      /a redirect to https:\/\/login\.acme\.example\/start, which/,
      /CXONE_TOKEN_URL/,
    ],
    [
      307,
      '',
      { location: '/elsewhere' },
      /a redirect to http:\/\/127\.0\.0\.1:\d+\/elsewhere, which/,
      /CXONE_TOKEN_URL/,
    ],
    [200, '{"error":{"code":17,"message":"The tenant is locked"}}', {}, /: The tenant is locked$/, /CXONE_CLIENT_ID/],
    [200, '{"errors":[{"message":"No such tenant"}],"token":"live-token"}', {}, /: No such tenant$/, /CXONE_CLIENT_ID/],
    [200, '{"error":{"id":17},"token":"live-token"}', {}, /: \{"id":17\}$/, /CXONE_CLIENT_ID/],
    [200, 'down for maintenance', {}, /: it is not JSON$/, /CXONE_TOKEN_URL/],
    [200, '{"token":"live-token"}', {}, /no usable token at "\/access_token"$/, /\/token\/answer\/accessToken/],
  ])('quotes what a token response of %i says: %s', async (status, body, headers, message, advice) => {
    const { url } = await startUpstream((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
    });
    const report = await checks({ ...(await environment()), CXONE_BASE_URL: url });
    const found = report.checks.find(({ name }) => name === 'upstream');
    expect(found).toMatchObject({ level: 'fail', message: said(message), advice: said(advice) });
    expect(JSON.stringify(report)).not.toMatch(/live-token|s3cret/);
  });

  test.each([
    ['warns', -20_000, 'warn', 0],
    ['fails', 3_600_000, 'fail', 1],
  ])('%s when the clock is off from that of CXone', async (_, offset, level, code) => {
    const { url } = await startUpstream((request, response) => {
      const date = new Date(Date.now() + offset).toUTCString();
      if (request.method === 'GET') sendJson(response, 404, { message: 'no such execution' }, { date });
      else sendJson(response, 200, { access_token: 'token', expires_in: 3600 }, { date });
    });
    const report = await findings({ ...(await environment()), CXONE_BASE_URL: url });
    const direction = offset < 0 ? /ahead of/ : /behind/;
    expect(report).toEqual({ code, found: [[level, 'clock', said(direction)]] });
  });

  test('names a folder to which no export can be written before it is needed', async () => {
    const folder = temporaryFolder();
    const env = { ...(await environment()), AUDIT_RETENTION_DAYS: '400' };
    expect(await findings({ ...env, RETENTION_EXPORT_DIR: folder }, ' --offline')).toEqual({ code: 0, found: [] });
    writeFileSync(join(folder, 'file'), '');
    for (const wrong of ['missing', 'file']) {
      const { code, found } = await findings({ ...env, RETENTION_EXPORT_DIR: join(folder, wrong) }, ' --offline');
      const message = said(/^no export can be written to RETENTION_EXPORT_DIR: .*(?:ENOENT|ENOTDIR)/);
      expect({ code, found }).toEqual({ code: 1, found: [['fail', 'retention export', message]] });
    }
  });

  test('sends CXone nothing with --offline', async () => {
    const { url, received } = await startUpstream((_request, response) => sendJson(response, 500, {}));
    const { code } = await checks({ ...(await environment()), CXONE_BASE_URL: url }, ' --offline');
    expect([code, received]).toEqual([0, []]);
  });

  test('polls for an unknown execution, executes nothing, and explains the response', async () => {
    const env = await environment();
    const answers = [
      [404, { message: 'no' }, []],
      [403, { message: 'no' }, [['fail', 'poll', said(/answered 403/)]]],
      [401, {}, [['fail', 'poll', said(/token is not taken/)]]],
      [302, {}, [['fail', 'poll', said(/redirect to https:\/\/elsewhere\.example\/login/)]]],
      [500, {}, [['warn', 'poll', said(/answered 500/)]]],
      [400, {}, [['warn', 'poll', said(/ids look different/)]]],
    ] as const;
    for (const [status, body, expected] of answers) {
      const { url, received } = await startUpstream((request, response) => {
        if (request.method === 'GET') sendJson(response, status, body, { location: 'https://elsewhere.example/login' });
        else sendJson(response, 200, { access_token: 'token', expires_in: 3600 });
      });
      expect((await findings({ ...env, CXONE_BASE_URL: url })).found).toEqual(expected);
      expect(received.filter(({ url: path }) => path.endsWith('/execute'))).toEqual([]);
    }
  });

  test('says which line of the profile to change when a status stands somewhere else', async () => {
    const file = join(temporaryFolder(), 'tenant.json');
    writeFileSync(file, JSON.stringify(loadProfile(null), null, 2));
    const { url } = await startUpstream((request, response) => {
      if (request.method === 'GET') sendJson(response, 200, { jobStatus: { id: 'x', status: 'SUCCEEDED' } });
      else sendJson(response, 200, { access_token: 'token', expires_in: 3600 });
    });
    const report = await checks({ ...(await environment()), CXONE_BASE_URL: url, CXONE_PROFILE: file });
    const lines = readFileSync(file, 'utf8').split('\n');
    const poll = lines.findIndex((line) => line.includes('"poll"'));
    const line = lines.findIndex((text, index) => index > poll && text.includes('"status"')) + 1;
    expect(report.checks.filter(({ name }) => name === 'profile')).toEqual([
      {
        name: 'profile',
        level: 'fail',
        message: 'poll.answer.status: the poll answer has no "/status", but has "/jobStatus/status"',
        advice: `change ${file}:${line} /poll/answer/status to "/jobStatus/status"`,
      },
    ]);
  });

  test('runs an action for real only with --yes, once, and follows it to its end', async () => {
    const simulator = createSimulator({ runMs: 0, runJitterMs: 0 });
    onTestFinished(() => simulator.close());
    const env = {
      ...(await environment()),
      CXONE_BASE_URL: (await simulator.listen()).url,
      POLL_INTERVAL_SECONDS: '0.05',
    };
    const unsure = await command('doctor --action charge', env);
    expect([unsure.code, simulator.stats().runs]).toEqual([2, 0]);
    expect(unsure.err).toContain('--action runs charge for real');
    const { code, checks: found } = await checks(env, ' --action charge --yes --inputs {"simulate":"lost-callback"}');
    expect([code, simulator.stats().runs]).toEqual([0, 1]);
    expect(found.filter(({ name }) => name === 'poll' || name === 'execute').map(({ message }) => message)).toEqual([
      said(/is answered 404/),
      said(/^charge was accepted as sim-/),
      'it ended as COMPLETED, which means completed',
    ]);
  });

  test('sends a probe by way of PUBLIC_URL: to the running receiver, where nothing is recorded of it', async () => {
    const stage = await setStage({ CALLBACK_SECRET: SECRET });
    const { port } = new URL(stage.service().url);
    const env = { ...(await environment()), PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` };
    const { checks: found } = await checks(env);
    expect(found.find(({ name }) => name === 'callback path')).toMatchObject({
      level: 'ok',
      message: said(/running receiver/),
    });
    expect(stage.log.lines).toEqual([]);

    const other = await findings({ ...env, CALLBACK_SECRET: 'quite-another-secret-of-32-characters' });
    expect(other.found).toEqual([['fail', 'callback path', said(/does not know the probe: it answers 404/)]]);
  });

  test('names what stands in the way of callbacks', async () => {
    const env = await environment();
    const through = async (status: number, headers: Record<string, string> = {}) => {
      const { url } = await startUpstream((_request, response) =>
        sendJson(response, status, {}, { server: 'nginx', ...headers }),
      );
      return (await findings({ ...env, PUBLIC_URL: url })).found;
    };
    expect(await through(502)).toEqual([['fail', 'callback path', said(/502 from nginx/)]]);
    expect(await through(301, { location: 'https://www.example.com/x?secret=1' })).toEqual([
      ['fail', 'callback path', said(/301 from nginx, to https:\/\/www\.example\.com\/x$/)],
    ]);
    expect(await through(200)).toEqual([['fail', 'callback path', said(/does not arrive here: 200/)]]);
    expect((await findings({ ...env, PUBLIC_URL: DEAD_URL })).found).toEqual([
      ['warn', 'callback path', said(/ECONNREFUSED/)],
    ]);
  });

  test('names a host that cannot be found, and what is wrong with a certificate', async () => {
    const env = await environment();
    const nowhere = await findings({ ...env, PUBLIC_URL: 'https://receiver.invalid' });
    expect(nowhere.found).toContainEqual([
      'fail',
      'name',
      said(/^receiver\.invalid cannot be resolved: (?:ENOTFOUND|EAI_AGAIN)/),
    ]);
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const server = createServer({ cert, key }, (_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const unsure = await findings({ ...env, PUBLIC_URL: `https://127.0.0.1:${port}` });
    expect(unsure.found).toContainEqual([
      'fail',
      'tls',
      said(/does not hold: (?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED)/),
    ]);
    expect(unsure.found).toContainEqual(['fail', 'callback path', said(/self-signed|SELF_SIGNED/)]);
  });
});

test('a secret that is easy to guess is named with its owner, and doctor still passes', async () => {
  const { code, checks: all } = await checks({ ...(await environment()), OPERATOR_KEYS: 'alice:password' });
  const weak = all.filter(({ name }) => name === 'weak secrets');
  expect(weak).toContainEqual({
    name: 'weak secrets',
    level: 'warn',
    message: 'OPERATOR_KEYS has a secret that is easy to guess, of alice',
    advice: expect.stringContaining('keys -- new'),
  });
  expect(code).toBe(0);
});
