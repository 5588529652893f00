// Members named in SENSITIVE_FIELDS in the terminal: hidden in every output and search, unless the operator asks for them.

import { expect, test } from 'vitest';
import { HIDDEN } from '../../src/execution/masking.ts';
import { anExecution, callback, completed, NOON } from '../support/executions.ts';
import { command, openStore } from './harness.ts';

const SECRETS = /4111|9999/;

async function databaseWithCard(): Promise<string> {
  const { store, path } = openStore();
  const execution = anExecution({ correlationId: 'one', inputs: { cardNumber: '4111', buyer: 'Ann' } }, NOON);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.record(execution.reference, callback(completed({ CARDNUMBER: '4111' })), NOON);
  await store.record(execution.reference, callback(completed({ cardNumber: '9999' })), NOON);
  await store.close();
  return path;
}

test.each([
  'executions list --json',
  'executions show one --payloads',
  'executions show one --payloads --json',
  'executions export --format ndjson',
  'executions export --format csv',
  'audit query',
  'audit query --json',
  'audit export --format ndjson',
  'audit export --format csv',
])('%s hides them, and shows them with --reveal', async (line) => {
  const env = { DATABASE_PATH: await databaseWithCard(), SENSITIVE_FIELDS: 'cardNumber' };
  const hidden = await command(line, env);
  expect(hidden).toMatchObject({ code: 0, out: expect.stringContaining(HIDDEN) });
  expect(hidden.out).not.toMatch(SECRETS);
  const revealed = await command(`${line} --reveal`, env);
  expect(revealed).toMatchObject({ code: 0, out: expect.stringMatching(SECRETS) });
  expect(revealed.out).not.toContain(HIDDEN);
});

test.each(['executions list --json', 'executions export --format ndjson'])(
  '%s does not find them by --text, except with --reveal',
  async (line) => {
    const env = { DATABASE_PATH: await databaseWithCard(), SENSITIVE_FIELDS: 'cardNumber' };
    expect((await command(`${line} --text 411`, env)).out).not.toContain('"one"');
    expect((await command(`${line} --text ann`, env)).out).toContain('"one"');
    expect((await command(`${line} --text 411 --reveal`, env)).out).toContain('"one"');
  },
);
