// `doctor`: what is wrong is named with what to do about it, and a receiver that runs is not disturbed.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { deadUrl, sendJson, startUpstream } from '../support/upstream.ts';
import { command, fill, openStore, writtenDatabase } from './harness.ts';

async function environment(options: Partial<SimulatorOptions> = {}): Promise<Record<string, string>> {
  const simulator = createSimulator(options);
  onTestFinished(() => simulator.close());
  return {
    CXONE_BASE_URL: (await simulator.listen()).url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'https://receiver.example.com',
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

async function findings(env: Record<string, string>) {
  const report = await checks(env);
  const found = report.checks.filter(({ level }) => level !== 'ok');
  for (const { advice } of found) expect(advice).toMatch(/\w/);
  return { code: report.code, found: found.map(({ name, level, message }) => [level, name, message]) };
}

const said = (text: RegExp) => expect.stringMatching(text);

describe('doctor', () => {
  test('finds nothing where all is well, and says what it looked at, one line each', async () => {
    const { code, out } = await command('doctor', await environment());
    expect(code).toBe(0);
    const names = out.split('\n').map((line) => /^ok {3}([a-z ]+):/.exec(line)?.[1] ?? line);
    expect(names).toEqual([
      'configuration',
      'public url',
      'callback secret',
      'database',
      'integrity',
      'audit chain',
      'conservation',
      'disk',
      'wal',
      'upstream',
      'scopes',
      'clock',
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

  test('warns of a public address that CXone cannot reach or everybody can read', async () => {
    const env = await environment();
    const { found } = await findings({ ...env, PUBLIC_URL: 'http://127.0.0.1:8080' });
    expect(found).toEqual([['warn', 'public url', said(/this machine/)]]);
    const plain = await findings({ ...env, PUBLIC_URL: 'http://receiver.example.com' });
    expect([plain.code, plain.found]).toEqual([0, [['warn', 'public url', said(/not encrypted/)]]]);
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
    ['a row that went missing', 'DELETE FROM executions WHERE rowid = 3', 'conservation', /off by 1/],
    [
      'tables of a newer version',
      "INSERT INTO __drizzle_migrations VALUES (9, 'x', 9e15)",
      'database',
      /newer version/,
    ],
  ])('fails on %s', async (_, statement, name, message) => {
    const env = await environment();
    const sql = new Database(env['DATABASE_PATH']);
    sql.exec(`DROP TRIGGER audit_events_no_update; ${statement}`);
    sql.close();
    const { code, found } = await findings(env);
    expect(code).toBe(1);
    expect(found).toContainEqual(['fail', name, said(message)]);
  });

  test('fails on a file that is damaged or none of ours, and only warns where there is none yet', async () => {
    const env = await environment();
    const folder = temporaryFolder();
    const at = (name: string) => ({ ...env, DATABASE_PATH: join(folder, name) });
    writeFileSync(join(folder, 'notes.txt'), 'these are my notes. '.repeat(200));
    expect((await findings(at('notes.txt'))).found).toEqual([['fail', 'database', said(/no SQLite database/)]]);
    mkdirSync(join(folder, 'sub'));
    const absent = await findings(at('sub/deep/receiver.db'));
    expect([absent.code, absent.found]).toEqual([0, [['warn', 'database', said(/not there yet/)]]]);
  });

  test('names the scopes that the token lacks', async () => {
    const { code, found } = await findings(await environment({ scope: 'dx:actions:read' }));
    expect([code, found]).toEqual([1, [['fail', 'scopes', 'the token lacks dx:actions:execute']]]);
  });

  test('tells wrong credentials from an upstream that is not there, and repeats no secret', async () => {
    const env = await environment();
    const wrong = await findings({ ...env, CXONE_CLIENT_SECRET: 'not-the-secret' });
    expect([wrong.code, wrong.found]).toEqual([1, [['fail', 'upstream', said(/answered the token request with 401/)]]]);
    expect(JSON.stringify(wrong)).not.toContain('not-the-secret');
    const gone = await findings({ ...env, CXONE_BASE_URL: await deadUrl() });
    expect([gone.code, gone.found]).toEqual([
      1,
      [
        ['fail', 'upstream', said(/ECONNREFUSED/)],
        ['warn', 'clock', said(/cannot be compared/)],
      ],
    ]);
  });

  test.each([
    ['warns', -20_000, 'warn', 0],
    ['fails', 3_600_000, 'fail', 1],
  ])('%s when the clock is off from that of CXone', async (_, offset, level, code) => {
    const { url } = await startUpstream((_request, response) => {
      const date = new Date(Date.now() + offset).toUTCString();
      sendJson(response, 200, { access_token: 'token', expires_in: 3600 }, { date });
    });
    const report = await findings({ ...(await environment()), CXONE_BASE_URL: url });
    const direction = offset < 0 ? /ahead of/ : /behind/;
    expect(report).toEqual({ code, found: [[level, 'clock', said(direction)]] });
  });

  test('asks CXone nothing when it is told to stay offline', async () => {
    const { url, received } = await startUpstream((_request, response) => sendJson(response, 500, {}));
    const { code } = await checks({ ...(await environment()), CXONE_BASE_URL: url }, ' --offline');
    expect([code, received]).toEqual([0, []]);
  });
});
