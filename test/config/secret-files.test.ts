// Secrets in files: each variable that holds a secret can name a file, and an error in a file is reported without its content.

import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, readVariable } from '../../src/config/config.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { temporaryFolder } from '../support/temporary.ts';

const REQUIRED: Readonly<Record<string, string>> = {
  CXONE_ORG_DOMAIN: 'acme.api.nice.incontact.com',
  CXONE_CLIENT_ID: 'client',
  CXONE_CLIENT_SECRET: 'client-secret',
  PUBLIC_URL: 'https://receiver.example.com',
  CALLBACK_SECRET: 'callback-secret-of-thirty-two-characters',
  APP_KEYS: 'orders:orders-key-0123456789',
};

/** A valid value of a variable that accepts no other text, and the variables that it requires. */
const EXAMPLES: Readonly<Record<string, { readonly value: string; readonly beside?: Record<string, string> }>> = {
  APP_KEYS: { value: 'orders:from-the-file-0123456789-0123456789' },
  OPERATOR_KEYS: { value: 'alice:from-the-file-0123456789-0123456789' },
  READER_KEYS: { value: 'carol:from-the-file-0123456789-0123456789' },
  CALLBACK_HEADER_VALUE: {
    value: 'from-the-file-0123456789-0123456789',
    beside: { CALLBACK_HEADER_NAME: 'X-Api-Key' },
  },
  CALLBACK_BASIC_AUTH: { value: 'cxone:from-the-file-0123456789-0123456789' },
  CALLBACK_CLIENTS: { value: 'cxone:from-the-file-0123456789-0123456789' },
  CALLBACK_HMAC_SECRET: {
    value: 'from-the-file-0123456789-0123456789',
    beside: { CALLBACK_HMAC_HEADER: 'X-Signature' },
  },
  CXONE_PRIVATE_KEY: {
    value: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
  },
  CXONE_SECRETS: { value: 'gateway-key:from-the-file-0123456789-0123456789' },
  DATABASE_URL: { value: 'postgres://receiver:from-the-file@db.example:5432/receiver' },
  CXONE_PROXY: { value: 'http://user:from-the-file@proxy.example:3128' },
  NOTIFY_PROXY: { value: 'http://user:from-the-file@proxy.example:3128' },
  NOTIFY_SECRETS: { value: `orders:whsec_${Buffer.alloc(24, 7).toString('base64')}` },
  INCIDENT_WEBHOOK_URL: {
    value: 'https://hooks.example/from-the-file',
    beside: { INCIDENT_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 8).toString('base64')}` },
  },
  INCIDENT_WEBHOOK_SECRET: {
    value: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
    beside: { INCIDENT_WEBHOOK_URL: 'https://hooks.example/' },
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    value: 'x-api-key=from-the-file-0123456789-0123456789',
    beside: { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com' },
  },
};
const ANY: (typeof EXAMPLES)[string] = { value: 'from-the-file-0123456789-0123456789' };

/** The names of variables that hold a secret. */
const SOUNDS_SECRET = /(SECRETS?|PASSWORD|TOKEN|KEYS?|AUTH|HEADER_VALUE|OTLP_HEADERS)$/;

function file(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'secret');
  writeFileSync(path, content);
  return path;
}

function problemsWith(changes: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig({ ...REQUIRED, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const ofSecrets = VARIABLES.filter(({ secret }) => secret).map(({ name }) => name);

describe('a secret in a file', () => {
  test('every variable whose name suggests a secret is marked as one', () => {
    const unmarked = VARIABLES.filter(({ name, secret }) => SOUNDS_SECRET.test(name) && !secret);
    // Mark it in the schema with secret(…) from src/config/fields.ts; then it may come from a file.
    expect(unmarked.map(({ name }) => name)).toEqual([]);
    expect(ofSecrets).toEqual(
      expect.arrayContaining(['CXONE_CLIENT_SECRET', 'CALLBACK_SECRET', ...Object.keys(EXAMPLES)]),
    );
  });

  test.for(ofSecrets)('%s_FILE has the effect of the variable itself, and keeps the secret out of the log', (name) => {
    const { value, beside = {} } = EXAMPLES[name] ?? ANY;
    const env = { ...REQUIRED, ...beside };
    const fromFile = readConfig({ ...env, [name]: undefined, [`${name}_FILE`]: file(`${value}\n`) });
    const { cxone, ...rest } = readConfig({ ...env, [name]: value });
    // The files of credentials are remembered, since they may be rewritten.
    expect(fromFile).toEqual({ ...rest, cxone: { ...cxone, secretFiles: fromFile.cxone.secretFiles } });
    expect(secretsIn(fromFile).some((secret) => value.includes(secret))).toBe(true);
  });

  test('a command that needs one variable reads only the file of that one', () => {
    const env = { OPERATOR_KEYS_FILE: file('alice:alice-key\r\n'), APP_KEYS_FILE: '/nowhere' };
    expect(readVariable(env, 'OPERATOR_KEYS')).toEqual([{ name: 'alice', key: 'alice-key' }]);
  });

  test('a variable that is not a secret is not read from a file', () => {
    expect(readConfig({ ...REQUIRED, PORT_FILE: file('80') }).port).toBe(8080);
  });
});

describe('errors in secret files', () => {
  test('a variable together with its file is refused', () => {
    expect(problemsWith({ CALLBACK_SECRET_FILE: file('x') })).toEqual([
      'CALLBACK_SECRET_FILE: is set together with CALLBACK_SECRET; set one of them',
    ]);
  });

  test('an empty variable of either kind counts as unset', () => {
    expect(problemsWith({ CALLBACK_SECRET_FILE: ' ' })).toEqual([]);
    expect(
      problemsWith({ CALLBACK_SECRET: '', CALLBACK_SECRET_FILE: file(REQUIRED['CALLBACK_SECRET'] ?? '') }),
    ).toEqual([]);
  });

  const wrong: readonly (readonly [string, () => string, RegExp])[] = [
    ['that is not there', () => '/nowhere/MARK', /^CALLBACK_SECRET_FILE: cannot be read \(Error: ENOENT/],
    ['that is a folder', () => temporaryFolder(), /^CALLBACK_SECRET_FILE: cannot be read \(Error: EISDIR/],
    ['that is empty', () => file('\n'), /^CALLBACK_SECRET_FILE: names a file that is empty$/],
    ['of several lines', () => file(`${'MARK'.repeat(9)}\nMARK`), /^CALLBACK_SECRET_FILE: .* more than one line/],
    ['of no text', () => file(Buffer.from([0xff, 0xfe, 0x41])), /^CALLBACK_SECRET_FILE: .*not UTF-8 text/],
    ['with a secret that is too short', () => file('MARK'), /^CALLBACK_SECRET: .*fewer than 32/],
  ];
  test.for(wrong)(
    'a file %s is reported in one line that names the variable and repeats nothing',
    ([, path, expected]) => {
      const problems = problemsWith({ CALLBACK_SECRET: undefined, CALLBACK_SECRET_FILE: path() });
      expect(problems).toEqual([expect.stringMatching(expected)]);
      expect(problems.join()).not.toContain('MARK');
    },
  );

  test('an error is reported with the others, in the order of the documentation', () => {
    const problems = problemsWith({ PORT: 'x', CALLBACK_SECRET: '', CALLBACK_SECRET_FILE: '/nowhere', LOG_LEVEL: 'x' });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['PORT', 'CALLBACK_SECRET_FILE', 'LOG_LEVEL']);
  });

  test('an optional variable is reported as well', () => {
    expect(problemsWith({ OPERATOR_KEYS_FILE: '/nowhere' })).toEqual([expect.stringMatching(/^OPERATOR_KEYS_FILE: /)]);
  });
});
