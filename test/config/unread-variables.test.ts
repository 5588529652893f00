// Variables that are intended for the receiver and have no effect are reported by name, never by value.

import { expect, test } from 'vitest';
import { unreadVariables } from '../../src/config/unread-variables.ts';
import { VARIABLES } from '../../src/config/variables.ts';

test.for<[string, string]>([
  ['AUDIT_RETENTION_DAY', 'AUDIT_RETENTION_DAYS'],
  ['CXONE_CLIENTID', 'CXONE_CLIENT_ID'],
  ['NOTIFY_URL', 'NOTIFY_URLS'],
  ['CALLBACK_SECRETS', 'CALLBACK_SECRET'],
  ['APP_KEY', 'APP_KEYS'],
  ['LOG_LEVLE', 'LOG_LEVEL'],
  ['cxone_client_secret', 'CXONE_CLIENT_SECRET'],
  ['CALLBACK_SECRET_FIL', 'CALLBACK_SECRET_FILE'],
])('%s is reported with the intended name, %s', ([name, meant]) => {
  const value = 'a-value-that-may-be-a-secret';
  const messages = [...unreadVariables({ [name]: value }, {}), ...unreadVariables({}, { [name]: value })];
  expect(messages[0]).toBe(`${name} in the environment is not read. Did you mean ${meant}?`);
  expect(messages[1]).toBe(`${name} in .env is not read. Did you mean ${meant}?`);
  expect(messages.join()).not.toContain(value);
});

test('a name that resembles no other is reported without a suggestion', () => {
  expect(unreadVariables({ CXONE_FROBNICATION_LEVEL_OF_THE_THING: '1' }, {})).toEqual([
    'CXONE_FROBNICATION_LEVEL_OF_THE_THING in the environment is not read',
  ]);
});

test('a variable that works only in the environment of the process is reported when .env sets it', () => {
  const [message, ...others] = unreadVariables({}, { NODE_EXTRA_CA_CERTS: 'ca.pem' });
  expect(message).toMatch(/^NODE_EXTRA_CA_CERTS in \.env has no effect: .* environment of the process$/);
  expect(others).toEqual([]);
  expect(unreadVariables({ NODE_EXTRA_CA_CERTS: 'ca.pem' }, {})).toEqual([]);
});

test('variables that are read, files of secrets, blank variables and those of other programs are not reported', () => {
  const read = Object.fromEntries(VARIABLES.map(({ name }) => [name, '1']));
  const others = {
    PATH: '/bin',
    HOME: '/root',
    npm_config_cache: 'x',
    DATABASE: 'x',
    APP_ENV: 'production',
    AUDIT_X: '',
  };
  const all = { ...read, NO_PROXY: 'localhost' };
  expect(unreadVariables({ ...all, ...others, CALLBACK_SECRET_FILE: 'x' }, all)).toEqual([]);
});
