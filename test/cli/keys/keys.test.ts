// `keys new`: the receiver accepts the printed keys, and each key is new.

import { expect, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { command } from '../harness.ts';

const OTHERS = {
  CXONE_BASE_URL: 'http://127.0.0.1:1',
  CXONE_CLIENT_ID: 'id',
  CXONE_CLIENT_SECRET: 'secret',
  PUBLIC_URL: 'http://127.0.0.1',
};

test('prints all keys that a new receiver needs, new ones each time', async () => {
  const variables = async () => JSON.parse((await command('keys new --json')).out);
  const [one, other] = [await variables(), await variables()];
  expect(Object.keys(one)).toEqual(['APP_KEYS', 'OPERATOR_KEYS', 'CALLBACK_SECRET']);
  expect(() => readConfig({ ...OTHERS, ...one })).not.toThrow();
  for (const name of Object.keys(one)) expect(one[name]).not.toBe(other[name]);
});

test('makes what is asked for, as lines that .env takes', async () => {
  const { code, out } = await command('keys new --app shop --app billing --operator alice --reader bob --notify shop');
  expect(code).toBe(0);
  expect(out).toMatch(
    /^APP_KEYS=shop:[\w-]{43},billing:[\w-]{43}\nOPERATOR_KEYS=alice:[\w-]{43}\nREADER_KEYS=bob:[\w-]{43}\nNOTIFY_SECRETS=shop:whsec_[\w+/]{43}=\n$/,
  );
  const variables = Object.fromEntries(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
  const secret = JSON.parse((await command('keys new --callback-secret --json')).out);
  expect(readConfig({ ...OTHERS, ...variables, ...secret }).apps.map(({ name }) => name)).toEqual(['shop', 'billing']);
});
