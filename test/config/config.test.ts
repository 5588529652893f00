// The configuration: valid variables become one object, every error names its variable, and no secret is repeated.

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { NO_PROXIES } from '../../src/lib/proxy/proxy.ts';
import { createRedact } from '../../src/lib/redaction.ts';

const SECRET = 'callback-secret-of-thirty-two-characters';
const WEBHOOK_SECRETS = [24, 64].map((bytes) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`);
const PEM = { type: 'pkcs8', format: 'pem' } as const;
const PRIVATE_KEY = generateKeyPairSync('ed25519').privateKey.export(PEM).toString().trim();
const SHORT_KEY = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(PEM).toString();
const REQUIRED = {
  CXONE_ORG_DOMAIN: 'acme.api.nice.incontact.com',
  CXONE_CLIENT_ID: 'client',
  CXONE_CLIENT_SECRET: 'client-secret',
  PUBLIC_URL: 'https://receiver.example.com',
  CALLBACK_SECRET: SECRET,
  APP_KEYS: 'orders:orders-key-0123456789',
};

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The hosts that CXone's own responses may name unless CXONE_ALLOWED_HOSTS is set. */
const NICE_HOSTS = [
  '*.niceincontact.com',
  '*.nice-incontact.com',
  '*.incontact.com',
  '*.nicecxone-gov.com',
  '*.nicecxone-sov1.au',
  '*.nicecxone-sov1.eu',
];

const namesOf = (problems: readonly string[]) => problems.map((problem) => problem.split(':')[0]);
const problemsWith = (env: Record<string, string>) => problemsOf({ ...REQUIRED, ...env });

describe('a valid environment', () => {
  test('needs only the required variables, and the others have their documented defaults', () => {
    expect(readConfig(REQUIRED)).toEqual({
      cxone: {
        baseUrl: 'https://acme.api.nice.incontact.com',
        tokenUrl: null,
        clientId: 'client',
        clientSecret: 'client-secret',
        accessKeyId: null,
        accessKeySecret: null,
        token: null,
        privateKey: null,
        privateKeyId: null,
        headerSecrets: [],
        secretFiles: {},
        issuer: null,
        tenantId: null,
        allowedHosts: NICE_HOSTS,
        profilePath: null,
        profile: loadProfile(null),
        recordDir: null,
      },
      publicUrl: 'https://receiver.example.com',
      basePath: '',
      host: '127.0.0.1',
      port: 8080,
      callbackPort: null,
      tls: null,
      callbackSecrets: [SECRET],
      callbackSettings: {
        allowedAddresses: [],
        header: { name: null, values: [] },
        credentials: [],
        clients: [],
        hmac: { secrets: [], shape: null },
      },
      callbackTrust: 'signature',
      trustedProxies: 0,
      databasePath: 'data/receiver.db',
      databaseUrl: null,
      databaseMode: 0o600,
      apps: [{ name: 'orders', key: 'orders-key-0123456789' }],
      operators: [],
      readers: [],
      sensitiveFields: [],
      notifications: { urls: [], allowedOrigins: [], secrets: [], links: { aboveBytes: new Map(), baseUrl: null } },
      incidentWebhook: null,
      proxies: { cxone: NO_PROXIES, notifications: NO_PROXIES },
      graceSeconds: 10,
      pollIntervalMs: 2000,
      maxConcurrent: 10,
      ratePerSecond: 100,
      maxPauseMs: 300_000,
      maxResultBytes: 10_485_760,
      maxConnections: 10_000,
      maxBodiesBytes: 67_108_864,
      maxBodyValues: 50_000,
      queueCapacity: 10_000,
      queueTimeoutMs: 300_000,
      appWeights: new Map(),
      appRates: new Map(),
      appQueueCapacities: new Map(),
      auditRetentionDays: 0,
      payloadRetentionDays: 0,
      retentionExportDir: null,
      logLevel: 'info',
      tracing: null,
    });
  });

  test('applies every variable, in the unit that the configuration names', () => {
    const config = readConfig({
      ...REQUIRED,
      CXONE_BASE_URL: 'http://127.0.0.1:9000/cxone/',
      CXONE_TOKEN_URL: 'https://login.example.com/token',
      CXONE_ACCESS_KEY_ID: 'KEY====',
      CXONE_ACCESS_KEY_SECRET: 'k3y-s3cret====',
      CXONE_TOKEN: 'eyJ.e30.x',
      CXONE_PRIVATE_KEY: PRIVATE_KEY.replaceAll('\n', '\\n'),
      CXONE_PRIVATE_KEY_ID: 'key-1',
      CXONE_SECRETS: 'gateway-key:a-secret-value',
      CXONE_ISSUER: 'https://cxone.example.com/',
      CXONE_TENANT_ID: '11e8-0242',
      CXONE_ALLOWED_HOSTS: '*.Example.com, 192.0.2.7,localhost',
      CXONE_PROFILE: 'cxone-access-key',
      CXONE_RECORD_DIR: 'recordings',
      PUBLIC_URL: 'https://receiver.example.com/hooks//',
      BASE_PATH: '/hooks',
      HOST: '::',
      PORT: '0',
      CALLBACK_PORT: '9443',
      TLS_CERT_FILE: '/etc/tls/tls.crt',
      TLS_KEY_FILE: '/etc/tls/tls.key',
      CALLBACK_SECRET: `${SECRET}-new, ${SECRET}`,
      CALLBACK_HEADER_NAME: 'X-Api-Key',
      CALLBACK_HEADER_VALUE: 'header-key-0123456789,header-key-9876543210',
      CALLBACK_BASIC_AUTH: 'cxone:basic:key:0123456789',
      CALLBACK_BEARER_TOKEN: 'bearer-token-0123456789, bearer-token-9876543210',
      CALLBACK_HMAC_SECRET: `${SECRET}-hmac,${SECRET}`,
      CALLBACK_HMAC_HEADER: 'X-Signature',
      CALLBACK_CLIENTS: 'cxone:client-secret-0123456789',
      CALLBACK_HMAC_ALGORITHM: 'sha512',
      CALLBACK_HMAC_ENCODING: 'base64',
      CALLBACK_HMAC_PREFIX: 'sha256=',
      CALLBACK_HMAC_TIMESTAMP_HEADER: 'X-Timestamp',
      CALLBACK_HMAC_TOLERANCE_SECONDS: '60',
      CALLBACK_ALLOWED_IPS: '192.0.2.0/24, 2001:db8::/32,::ffff:198.51.100.7',
      TRUSTED_PROXIES: '2',
      CALLBACK_TRUST: 'verify',
      DATABASE_PATH: '/var/lib/receiver.db',
      DATABASE_MODE: '0640',
      APP_KEYS: 'orders:orders-key-0123456789,orders:orders-key-9876543210,billing:billing:key:0123456789',
      OPERATOR_KEYS: 'alice:alice-key-0123456789',
      READER_KEYS: 'carol:carol-key,carol:carol-new',
      SENSITIVE_FIELDS: 'cardNumber, cvv',
      NOTIFY_URLS: 'orders:https://hooks.example/x?y=1,billing:http://crm.internal:8080/',
      NOTIFY_ALLOWED_HOSTS:
        '*:https://HOOKS.example:443, billing:http://crm.internal:8080/,orders:https://*.example.com',
      NOTIFY_SECRETS: `orders:${WEBHOOK_SECRETS[1]},orders:${WEBHOOK_SECRETS[0]}`,
      NOTIFY_LINK_ABOVE_BYTES: 'orders:65536, *:0',
      NOTIFY_LINK_URL: 'https://receiver.example.com/cx/',
      GRACE_SECONDS: '86400',
      POLL_INTERVAL_SECONDS: '0.25',
      MAX_CONCURRENT: '1000',
      RATE_LIMIT_PER_SECOND: '1',
      MAX_PAUSE_SECONDS: '60',
      MAX_RESULT_BYTES: '67108864',
      MAX_CONNECTIONS: '100000',
      MAX_BODIES_BYTES: '1073741824',
      MAX_BODY_VALUES: '1000000',
      QUEUE_CAPACITY: '10000000',
      QUEUE_TIMEOUT_SECONDS: '86400',
      APP_WEIGHTS: 'orders:3, billing:1000',
      APP_RATES: 'orders:50,billing:10000',
      APP_QUEUE_SHARES: 'orders:0.25,billing:1',
      AUDIT_RETENTION_DAYS: '36500',
      PAYLOAD_RETENTION_DAYS: '30',
      RETENTION_EXPORT_DIR: '/exports',
      LOG_LEVEL: 'silent',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com/',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%2Cb, x-tenant=shop',
      OTEL_SERVICE_NAME: 'receiver-1',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    expect(config).toEqual({
      cxone: {
        baseUrl: 'http://127.0.0.1:9000/cxone',
        tokenUrl: 'https://login.example.com/token',
        clientId: 'client',
        clientSecret: 'client-secret',
        accessKeyId: 'KEY====',
        accessKeySecret: 'k3y-s3cret====',
        token: 'eyJ.e30.x',
        privateKey: PRIVATE_KEY,
        privateKeyId: 'key-1',
        headerSecrets: [{ name: 'gateway-key', key: 'a-secret-value' }],
        secretFiles: {},
        issuer: 'https://cxone.example.com',
        tenantId: '11e8-0242',
        allowedHosts: ['*.example.com', '192.0.2.7', 'localhost'],
        profilePath: 'cxone-access-key',
        profile: loadProfile('cxone-access-key'),
        recordDir: 'recordings',
      },
      publicUrl: 'https://receiver.example.com/hooks',
      basePath: '/hooks',
      host: '::',
      port: 0,
      callbackPort: 9443,
      tls: { certFile: '/etc/tls/tls.crt', keyFile: '/etc/tls/tls.key' },
      callbackSecrets: [`${SECRET}-new`, SECRET],
      callbackSettings: {
        allowedAddresses: [
          { address: '192.0.2.0', bits: 24 },
          { address: '2001:db8::', bits: 32 },
          { address: '198.51.100.7', bits: 32 },
        ],
        header: { name: 'X-Api-Key', values: ['header-key-0123456789', 'header-key-9876543210'] },
        credentials: [
          { scheme: 'basic', secret: 'cxone:basic:key:0123456789' },
          { scheme: 'bearer', secret: 'bearer-token-0123456789' },
          { scheme: 'bearer', secret: 'bearer-token-9876543210' },
        ],
        clients: [{ name: 'cxone', key: 'client-secret-0123456789' }],
        hmac: {
          secrets: [`${SECRET}-hmac`, SECRET],
          shape: {
            header: 'X-Signature',
            algorithm: 'sha512',
            encoding: 'base64',
            prefix: 'sha256=',
            timestampHeader: 'X-Timestamp',
            toleranceMs: 60_000,
          },
        },
      },
      callbackTrust: 'verify',
      trustedProxies: 2,
      databasePath: '/var/lib/receiver.db',
      databaseUrl: null,
      databaseMode: 0o640,
      apps: [
        { name: 'orders', key: 'orders-key-0123456789' },
        { name: 'orders', key: 'orders-key-9876543210' },
        { name: 'billing', key: 'billing:key:0123456789' },
      ],
      operators: [{ name: 'alice', key: 'alice-key-0123456789' }],
      readers: [
        { name: 'carol', key: 'carol-key' },
        { name: 'carol', key: 'carol-new' },
      ],
      sensitiveFields: ['cardNumber', 'cvv'],
      notifications: {
        urls: [
          { app: 'orders', url: 'https://hooks.example/x?y=1' },
          { app: 'billing', url: 'http://crm.internal:8080/' },
        ],
        allowedOrigins: [
          { app: '*', origin: 'https://hooks.example' },
          { app: 'billing', origin: 'http://crm.internal:8080' },
          { app: 'orders', origin: 'https://*.example.com' },
        ],
        secrets: [
          { app: 'orders', secret: WEBHOOK_SECRETS[1] },
          { app: 'orders', secret: WEBHOOK_SECRETS[0] },
        ],
        links: {
          aboveBytes: new Map(Object.entries({ orders: 65_536, '*': 0 })),
          baseUrl: 'https://receiver.example.com/cx',
        },
      },
      graceSeconds: 86_400,
      pollIntervalMs: 250,
      maxConcurrent: 1000,
      ratePerSecond: 1,
      maxPauseMs: 60_000,
      maxResultBytes: 67_108_864,
      maxConnections: 100_000,
      maxBodiesBytes: 1_073_741_824,
      maxBodyValues: 1_000_000,
      queueCapacity: 10_000_000,
      queueTimeoutMs: 86_400_000,
      incidentWebhook: null,
      proxies: { cxone: NO_PROXIES, notifications: NO_PROXIES },
      appWeights: new Map(Object.entries({ orders: 3, billing: 1000 })),
      appRates: new Map(Object.entries({ orders: 50, billing: 10_000 })),
      appQueueCapacities: new Map(Object.entries({ orders: 2_500_000, billing: 10_000_000 })),
      auditRetentionDays: 36_500,
      payloadRetentionDays: 30,
      retentionExportDir: '/exports',
      logLevel: 'silent',
      tracing: {
        url: 'https://collector.example.com/v1/traces',
        headers: { 'x-api-key': 'a,b', 'x-tenant': 'shop' },
        serviceName: 'receiver-1',
        resource: { 'deployment.environment.name': 'test' },
        sampler: 'parentbased_traceidratio',
        ratio: 0.25,
      },
    });
  });

  test('links of notifications need the URL at which apps reach the receiver, where PUBLIC_URL serves only callbacks', () => {
    const links = { NOTIFY_LINK_ABOVE_BYTES: '*:65536', CALLBACK_PORT: '9443' };
    expect(problemsWith(links)).toEqual([expect.stringMatching(/^NOTIFY_LINK_ABOVE_BYTES: needs NOTIFY_LINK_URL/)]);
    const { notifications } = readConfig({ ...REQUIRED, ...links, NOTIFY_LINK_URL: 'https://apps.example.com' });
    expect(notifications.links.baseUrl).toBe('https://apps.example.com');
    expect(readConfig({ ...REQUIRED, NOTIFY_LINK_ABOVE_BYTES: '*:0' }).notifications.links.baseUrl).toBeNull();
  });

  test('spans are sent to the full URL for them instead of one below the base, and not at all with tracing switched off', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    const whole = { ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:4318/in' };
    const urlWith = (env: Record<string, string>) => readConfig({ ...REQUIRED, ...env }).tracing?.url;
    expect(urlWith(endpoint)).toBe('http://collector:4318/v1/traces');
    expect(urlWith(whole)).toBe('http://other:4318/in');
    expect(urlWith({ ...whole, OTEL_SDK_DISABLED: 'True' })).toBeUndefined();
    expect(urlWith({ ...whole, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
    expect(urlWith({ OTEL_SERVICE_NAME: 'receiver-1' })).toBeUndefined();
  });

  test('the base URL can replace the domain', () => {
    const { CXONE_ORG_DOMAIN: _, ...withoutDomain } = REQUIRED;
    expect(readConfig({ ...withoutDomain, CXONE_BASE_URL: 'http://localhost:9' }).cxone.baseUrl).toBe(
      'http://localhost:9',
    );
  });

  test('an empty or blank variable counts as unset, and blanks around a value do not matter', () => {
    const config = readConfig({ ...REQUIRED, PORT: '', LOG_LEVEL: '  ', HOST: ' 0.0.0.0\r', OPERATOR_KEYS: '' });
    expect(config).toMatchObject({ port: 8080, logLevel: 'info', host: '0.0.0.0', operators: [] });
  });

  test('a share of the queue, however small, holds one execution', () => {
    const { appQueueCapacities } = readConfig({ ...REQUIRED, QUEUE_CAPACITY: '10', APP_QUEUE_SHARES: 'orders:0.01' });
    expect(appQueueCapacities.get('orders')).toBe(1);
  });

  test('a callback port has its own listener only when it differs', () => {
    expect(readConfig({ ...REQUIRED, PORT: '80', CALLBACK_PORT: '80' }).callbackPort).toBeNull();
    expect(readConfig({ ...REQUIRED, PORT: '80', CALLBACK_PORT: '81' }).callbackPort).toBe(81);
    expect(readConfig({ ...REQUIRED, PORT: '0', CALLBACK_PORT: '0' }).callbackPort).toBe(0);
  });
});

describe('the database', () => {
  const url = 'postgres://receiver:db%21password@db-1.example:5433,db-2.example/receiver?sslmode=verify-full';

  test('is on a PostgreSQL server with DATABASE_URL, which may name several hosts', () => {
    expect(readConfig({ ...REQUIRED, DATABASE_URL: url, DATABASE_PATH: ' ' }).databaseUrl).toBe(url);
  });

  test('is in one place: a path and a URL together are refused, with the remedy', () => {
    expect(problemsWith({ DATABASE_URL: url, DATABASE_PATH: 'data/receiver.db' })).toEqual([
      'DATABASE_URL: is set together with DATABASE_PATH; remove DATABASE_URL for the SQLite file, or DATABASE_PATH for PostgreSQL (an empty value counts as removed)',
    ]);
  });

  test('has a password that no line of the log contains, in any spelling', () => {
    const redact = createRedact(secretsIn(readConfig({ ...REQUIRED, DATABASE_URL: url })));
    expect(redact(`connecting to ${url} with db!password, that is db%21password`)).toBe(
      'connecting to [redacted] with [redacted], that is [redacted]',
    );
  });
});

describe('an invalid environment', () => {
  test('without variables is reported with every missing one, in one message', () => {
    const names = ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'PUBLIC_URL', 'CALLBACK_SECRET', 'APP_KEYS'];
    expect(namesOf(problemsOf({}))).toEqual(['CXONE_ORG_DOMAIN', ...names]);
  });

  test('is reported with every invalid and missing variable, one line each', () => {
    const wrong = Object.fromEntries(VARIABLES.map(({ name }) => [name, 'http://us:x@']));
    const free = [
      'CXONE_CLIENT_ID',
      'CXONE_CLIENT_SECRET',
      'CXONE_ACCESS_KEY_ID',
      'CXONE_ACCESS_KEY_SECRET',
      'CXONE_TOKEN',
      'CXONE_PRIVATE_KEY_ID',
      'CXONE_TENANT_ID',
      'CXONE_RECORD_DIR',
      'CALLBACK_HMAC_PREFIX',
      'TLS_CERT_FILE',
      'TLS_KEY_FILE',
      'DATABASE_PATH',
      'RETENTION_EXPORT_DIR',
      // Not read with CXONE_PROXY, or read with a warning.
      ...['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'],
    ];
    const expected = VARIABLES.map(({ name }) => name).filter((name) => !free.includes(name));
    expect(namesOf(problemsOf(wrong))).toEqual(expected);
    expect(namesOf(problemsOf({ ...wrong, CXONE_CLIENT_ID: '', CXONE_PROFILE: '' })).toSorted()).toEqual(
      [...expected.filter((name) => name !== 'CXONE_PROFILE'), 'CXONE_CLIENT_ID'].toSorted(),
    );
    const lines = new ConfigError(problemsOf(wrong)).message.split('\n');
    expect(lines).toHaveLength(expected.length + 1);
  });

  test.for([
    ['CXONE_ORG_DOMAIN', 'https://acme.example.com'],
    ['CXONE_ORG_DOMAIN', 'acme.example.com/api'],
    ['CXONE_ORG_DOMAIN', 'acme.example.com:8443'],
    ['CXONE_ORG_DOMAIN', 'acme example'],
    ['CXONE_TOKEN', 'Bearer opaque'],
    ['CXONE_PRIVATE_KEY', 'client-secret'],
    ['CXONE_PRIVATE_KEY', SHORT_KEY],
    ['CXONE_SECRETS', 'gateway-key'],
    ['CXONE_SECRETS', 'gateway key:value'],
    ['CXONE_ISSUER', 'cxone.example.com'],
    ['CXONE_ISSUER', 'https://cxone.example.com/?tenant=1'],
    ['CXONE_ALLOWED_HOSTS', '*'],
    ['CXONE_ALLOWED_HOSTS', '*.com'],
    ['CXONE_ALLOWED_HOSTS', 'a.example.com,https://b.example.com'],
    ['CXONE_ALLOWED_HOSTS', 'a.example.com,'],
    ['CXONE_BASE_URL', 'acme.example.com'],
    ['CXONE_BASE_URL', 'ftp://acme.example.com'],
    ['CXONE_BASE_URL', 'https:acme.example.com'],
    ['CXONE_BASE_URL', 'https://acme.example.com/?'],
    ['CXONE_TOKEN_URL', 'https://acme.example.com/token#top'],
    ['CXONE_TOKEN_URL', 'https://acme.example.com/token?x=1'],
    ['PUBLIC_URL', 'https://user:word@receiver.example.com'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['PUBLIC_URL', '/hooks'],
    ['PUBLIC_URL', 'https://receiver example.com'],
    ['BASE_PATH', '/'],
    ['BASE_PATH', 'cx'],
    ['BASE_PATH', '/cx/'],
    ['BASE_PATH', '//cx'],
    ['BASE_PATH', '/a//b'],
    ['BASE_PATH', '/cx/..'],
    ['BASE_PATH', '/./cx'],
    ['BASE_PATH', '/cx?x=1'],
    ['BASE_PATH', '/c%78'],
    ['BASE_PATH', '/c"x'],
    ['BASE_PATH', 'https://gateway.example.com/cx'],
    ['HOST', '[::1]'],
    ['HOST', 'http://localhost'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['CALLBACK_PORT', 'http'],
    ['CALLBACK_SECRET', 'x'.repeat(31)],
    ['CALLBACK_SECRET', `${SECRET},short`],
    ['CALLBACK_SECRET', `${SECRET},`],
    ['CALLBACK_SECRET', `,${SECRET}`],
    ['CALLBACK_HEADER_NAME', 'X Key'],
    ['CALLBACK_HEADER_NAME', 'Authorization'],
    ['CALLBACK_HEADER_NAME', 'Host'],
    ['CALLBACK_HEADER_VALUE', 'x'.repeat(15)],
    ['CALLBACK_HEADER_VALUE', 'header key 0123456789'],
    ['CALLBACK_BASIC_AUTH', 'a-password-alone-0123456789'],
    ['CALLBACK_BASIC_AUTH', 'cxone:short'],
    ['CALLBACK_BASIC_AUTH', ':basic-password-0123456789'],
    ['CALLBACK_BEARER_TOKEN', 'bearer-token-0123456789,'],
    ['CALLBACK_CLIENTS', 'cxone'],
    ['CALLBACK_CLIENTS', 'cxone:short'],
    ['CALLBACK_HMAC_SECRET', 'x'.repeat(31)],
    ['CALLBACK_HMAC_HEADER', 'X-Signature:'],
    ['CALLBACK_HMAC_ALGORITHM', 'sha1'],
    ['CALLBACK_HMAC_ENCODING', 'base64url'],
    ['CALLBACK_HMAC_TIMESTAMP_HEADER', ''.padEnd(65, 'x')],
    ['CALLBACK_HMAC_TOLERANCE_SECONDS', '0'],
    ['CALLBACK_HMAC_TOLERANCE_SECONDS', '86401'],
    ['NOTIFY_URLS', 'https://hooks.example/'],
    ['NOTIFY_URLS', 'orders:hooks.example'],
    ['NOTIFY_URLS', 'orders:ftp://hooks.example/'],
    ['NOTIFY_URLS', 'orders:https://user:password@hooks.example/'],
    ['NOTIFY_URLS', 'orders:http://hooks.example/'],
    ['NOTIFY_URLS', 'orders:https://127.0.0.1/'],
    ['NOTIFY_URLS', 'orders:'],
    ['NOTIFY_LINK_ABOVE_BYTES', '65536'],
    ['NOTIFY_LINK_ABOVE_BYTES', 'orders:64k'],
    ['NOTIFY_LINK_ABOVE_BYTES', 'orders:-1'],
    ['NOTIFY_LINK_ABOVE_BYTES', 'orders:67108865'],
    ['NOTIFY_LINK_ABOVE_BYTES', 'orders:1,orders:2'],
    ['NOTIFY_LINK_ABOVE_BYTES', 'unknown:1'],
    ['NOTIFY_LINK_URL', 'https://receiver.example.com'],
    ['NOTIFY_URLS', 'unknown:https://hooks.example/'],
    ['NOTIFY_URLS', 'orders:https://hooks.example/,orders:https://hooks.example/2'],
    ['NOTIFY_ALLOWED_HOSTS', 'https://hooks.example'],
    ['NOTIFY_ALLOWED_HOSTS', 'orders:hooks.example'],
    ['NOTIFY_ALLOWED_HOSTS', 'orders:https://hooks.example/path'],
    ['NOTIFY_ALLOWED_HOSTS', 'orders:https://*.com'],
    ['NOTIFY_ALLOWED_HOSTS', 'unknown:https://hooks.example'],
    ['NOTIFY_SECRETS', 'orders:secret'],
    ['NOTIFY_SECRETS', `orders:whsec_${Buffer.alloc(23).toString('base64')}`],
    ['NOTIFY_SECRETS', `unknown:${WEBHOOK_SECRETS[0]}`],
    ['NOTIFY_SECRETS', `orders:${WEBHOOK_SECRETS[0]},orders:${WEBHOOK_SECRETS[0]}`],
    ['CALLBACK_ALLOWED_IPS', 'receiver.example.com'],
    ['CALLBACK_ALLOWED_IPS', '192.0.2.0/33'],
    ['CALLBACK_ALLOWED_IPS', '2001:db8::/129'],
    ['CALLBACK_ALLOWED_IPS', '192.0.2.0/24,'],
    ['TRUSTED_PROXIES', '-1'],
    ['TRUSTED_PROXIES', '11'],
    ['CALLBACK_TRUST', 'none'],
    // Half of a check is refused: without the other half it would have no effect.
    ['CALLBACK_HEADER_NAME', 'X-Api-Key'],
    ['CALLBACK_HMAC_SECRET', SECRET],
    ['CALLBACK_HMAC_PREFIX', 'sha256='],
    ['CALLBACK_HMAC_TIMESTAMP_HEADER', 'X-Timestamp'],
    ['DATABASE_PATH', ':memory:'],
    ['DATABASE_URL', 'mysql://receiver:password@db.example/receiver'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example'],
    ['DATABASE_URL', 'postgres://receiver:p@ssword@db.example/receiver'],
    ['DATABASE_URL', 'postgres://receiver:100%password@db.example/receiver'],
    ['DATABASE_URL', 'postgres://receiver:12#word@db.example/receiver'],
    ['DATABASE_URL', 'postgres://receiver:12?word@db.example/receiver'],
    ['DATABASE_URL', 'postgres://receiver:p@ss/word#1@db.example/receiver'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example/receiver?sslmode=require#1'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example:port/receiver'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example/receiver?sslmode=verify'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example/receiver?sslmod=verify-full'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example/receiver?host=other.example'],
    ['DATABASE_URL', 'postgres://receiver:password@db.example/receiver?sslmode=verify-full&sslmode=disable'],
    ['APP_KEYS', 'orders'],
    ['APP_KEYS', 'orders:too-short'.slice(0, -1)],
    ['APP_KEYS', ':orders-key-0123456789'],
    ['APP_KEYS', `${'n'.repeat(65)}:orders-key-0123456789`],
    ['APP_KEYS', 'or ders:orders-key-0123456789'],
    ['APP_KEYS', 'orders:orders key 0123456789'],
    ['APP_KEYS', 'orders:orders-kéy-0123456789'],
    ['APP_KEYS', 'orders:orders-key-0123456789,'],
    ['APP_KEYS', 'orders:orders-key-0123456789,orders:orders-key-0123456789'],
    ['OPERATOR_KEYS', 'alice:alice-k'],
    ['READER_KEYS', 'carol:carol-k'],
    ['READER_KEYS', 'carol'],
    ['SENSITIVE_FIELDS', 'cvv,'],
    ['SENSITIVE_FIELDS', 'cvv,,pin'],
    ['SENSITIVE_FIELDS', 'x'],
    ['GRACE_SECONDS', '86401'],
    ['GRACE_SECONDS', '1.5'],
    ['POLL_INTERVAL_SECONDS', '0'],
    ['POLL_INTERVAL_SECONDS', '0.0'],
    ['POLL_INTERVAL_SECONDS', '3600.1'],
    ['POLL_INTERVAL_SECONDS', '1e2'],
    ['POLL_INTERVAL_SECONDS', '.5'],
    ['POLL_INTERVAL_SECONDS', 'NaN'],
    ['MAX_CONCURRENT', '0'],
    ['MAX_CONCURRENT', '1001'],
    ['RATE_LIMIT_PER_SECOND', '0'],
    ['MAX_PAUSE_SECONDS', '0'],
    ['MAX_PAUSE_SECONDS', '86401'],
    ['RATE_LIMIT_PER_SECOND', '10001'],
    ['MAX_RESULT_BYTES', '1023'],
    ['MAX_RESULT_BYTES', '67108865'],
    ['MAX_CONNECTIONS', '9'],
    ['MAX_CONNECTIONS', '100001'],
    ['MAX_BODIES_BYTES', '10485759'],
    ['MAX_BODIES_BYTES', '1073741825'],
    ['MAX_BODY_VALUES', '999'],
    ['MAX_BODY_VALUES', '1000001'],
    ['QUEUE_CAPACITY', '0'],
    ['QUEUE_CAPACITY', '10000001'],
    ['QUEUE_TIMEOUT_SECONDS', '0'],
    ['QUEUE_TIMEOUT_SECONDS', '86401'],
    ['APP_WEIGHTS', '3'],
    ['APP_WEIGHTS', 'orders:0'],
    ['APP_WEIGHTS', 'orders:1001'],
    ['APP_WEIGHTS', 'orders:1.5'],
    ['APP_WEIGHTS', 'orders:'],
    ['APP_WEIGHTS', 'or ders:2'],
    ['APP_WEIGHTS', 'orders:1,orders:2'],
    ['APP_WEIGHTS', 'nobody:2'],
    ['APP_RATES', 'orders:0'],
    ['APP_RATES', 'orders:10001'],
    ['APP_RATES', 'orders:0.5'],
    ['APP_RATES', 'orders:-1'],
    ['APP_RATES', 'nobody:2'],
    ['APP_QUEUE_SHARES', 'orders:0'],
    ['APP_QUEUE_SHARES', 'orders:1.01'],
    ['APP_QUEUE_SHARES', 'orders:50%'],
    ['APP_QUEUE_SHARES', 'nobody:0.5'],
    ['AUDIT_RETENTION_DAYS', '36501'],
    ['AUDIT_RETENTION_DAYS', '-1'],
    ['PAYLOAD_RETENTION_DAYS', '36501'],
    ['PAYLOAD_RETENTION_DAYS', 'a week'],
    ['LOG_LEVEL', 'verbose'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector:4317'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-api-key'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-api-key=%zz'],
    ['OTEL_SERVICE_NAME', 'n'.repeat(256)],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=b,'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
    ['OTEL_SDK_DISABLED', 'perhaps'],
  ] as const)('%s=%s is refused by name', ([name, value]) => {
    expect(namesOf(problemsWith({ [name]: value }))).toEqual([name]);
  });

  test.for([
    ['a number', { GRACE_SECONDS: 'soon' }, 'GRACE_SECONDS: must be a whole number from 0 to 86400'],
    [
      'a domain with a path',
      { CXONE_ORG_DOMAIN: 'acme/api' },
      'CXONE_ORG_DOMAIN: must be a host name alone; for a scheme, a port or a path set CXONE_BASE_URL instead',
    ],
    [
      'a share',
      { APP_QUEUE_SHARES: 'orders:2' },
      'APP_QUEUE_SHARES: entry 1 must have a number above 0, at most 1 after the app',
    ],
    [
      'a rate of an app without a key',
      { APP_RATES: 'orders:5,billing:5' },
      'APP_RATES: entry 2 names an app that is not in APP_KEYS',
    ],
    ['a list', { APP_KEYS: 'orders:orders-key-0123456789,billing' }, 'APP_KEYS: entry 2 is not written name:key'],
  ] as const)('%s that is invalid is reported with the remedy', ([, env, problem]) => {
    expect(problemsWith(env)).toEqual([problem]);
  });

  test('every invalid entry of a list is reported by its index', () => {
    const problems = problemsWith({ APP_KEYS: 'a,b:short,c:orders-key-0123456789', CALLBACK_SECRET: `x,${SECRET},y` });
    expect(problems.map((problem) => problem.match(/^\w+: \w+ \d+/)?.[0])).toEqual([
      'CALLBACK_SECRET: secret 1',
      'CALLBACK_SECRET: secret 3',
      'APP_KEYS: entry 1',
      'APP_KEYS: entry 2',
    ]);
  });

  test('a default URL that its app may not name is reported by its index', () => {
    const problems = problemsWith({
      NOTIFY_URLS: 'orders:https://elsewhere.example/',
      NOTIFY_ALLOWED_HOSTS: 'orders:https://hooks.example',
    });
    expect(problems).toEqual([expect.stringMatching(/^NOTIFY_URLS: entry 1 has a URL that its app may not name/)]);
  });

  test('an incomplete check is reported by the variable that requires the other half', () => {
    expect(problemsWith({ CALLBACK_HEADER_VALUE: 'header-key-0123456789' })).toEqual([
      'CALLBACK_HEADER_VALUE: goes with CALLBACK_HEADER_NAME or a verifier in the upstream profile (/callback/verifiers)',
    ]);
    expect(problemsWith({ CALLBACK_HEADER_NAME: 'X-Api-Key' })).toEqual([
      'CALLBACK_HEADER_NAME: goes with CALLBACK_HEADER_VALUE; set both or neither',
    ]);
    expect(problemsWith({ CALLBACK_HMAC_HEADER: 'X-Signature' })).toEqual([
      'CALLBACK_HMAC_SECRET: goes with CALLBACK_HMAC_HEADER; set both or neither',
    ]);
  });

  test('a webhook for incidents needs its secret, and only what can be called and verified is accepted', () => {
    const url = 'https://hooks.example/incidents?key=abc';
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const both = { INCIDENT_WEBHOOK_URL: url, INCIDENT_WEBHOOK_SECRET: secret };
    expect(readConfig({ ...REQUIRED, ...both }).incidentWebhook).toEqual({ url, secrets: [secret] });
    expect(readConfig(REQUIRED).incidentWebhook).toBeNull();
    const pair = 'INCIDENT_WEBHOOK_URL: goes with INCIDENT_WEBHOOK_SECRET; set both or neither';
    expect(problemsWith({ INCIDENT_WEBHOOK_URL: url })).toEqual([pair]);
    expect(problemsWith({ INCIDENT_WEBHOOK_SECRET: secret })).toEqual([pair]);
    expect(problemsWith({ ...both, INCIDENT_WEBHOOK_SECRET: `${secret},short` })).toEqual([
      'INCIDENT_WEBHOOK_SECRET: entry 2 has a secret that does not begin with whsec_',
    ]);
    for (const wrong of ['hooks.example', 'ftp://hooks.example', 'https://user:pass@hooks.example', `${url}#part`]) {
      expect(problemsWith({ ...both, INCIDENT_WEBHOOK_URL: wrong })).toEqual([
        expect.stringContaining('INCIDENT_WEBHOOK_URL: must be an absolute URL'),
      ]);
    }
    expect(problemsWith({ ...both, INCIDENT_WEBHOOK_URL: 'http://169.254.169.254/latest' })).toEqual([
      expect.stringContaining('INCIDENT_WEBHOOK_URL: has an address that may not be called'),
    ]);
    for (const fine of ['http://pager.internal:8080/in', 'http://127.0.0.1:9/']) {
      expect(readConfig({ ...REQUIRED, ...both, INCIDENT_WEBHOOK_URL: fine }).incidentWebhook?.url).toBe(fine);
    }
  });

  test('a payload retention that is not shorter than the audit retention is refused, and so is an export without retention', () => {
    expect(problemsWith({ AUDIT_RETENTION_DAYS: '30', PAYLOAD_RETENTION_DAYS: '30' })).toEqual([
      'PAYLOAD_RETENTION_DAYS: must be less than AUDIT_RETENTION_DAYS, which prunes payloads with all the rest; or 0',
    ]);
    expect(problemsWith({ RETENTION_EXPORT_DIR: '/exports' })).toEqual([
      'RETENTION_EXPORT_DIR: has no effect without AUDIT_RETENTION_DAYS or PAYLOAD_RETENTION_DAYS: nothing is pruned',
    ]);
    const right = [
      { PAYLOAD_RETENTION_DAYS: '30' },
      { AUDIT_RETENTION_DAYS: '31', PAYLOAD_RETENTION_DAYS: '30', RETENTION_EXPORT_DIR: '/exports' },
      { AUDIT_RETENTION_DAYS: '1' },
    ];
    for (const env of right) expect(() => readConfig({ ...REQUIRED, ...env })).not.toThrow();
  });

  test('one key for an app and an operator is refused, and so is one name', () => {
    expect(namesOf(problemsWith({ OPERATOR_KEYS: 'alice:orders-key-0123456789' }))).toEqual(['OPERATOR_KEYS']);
    expect(namesOf(problemsWith({ OPERATOR_KEYS: 'orders:alice-key-0123456789' }))).toEqual(['OPERATOR_KEYS']);
  });

  test('a reader with the name or the key of an app or an operator is refused', () => {
    const OPERATOR_KEYS = 'alice:alice-key-0123456789';
    const taken = ['carol:orders-key-0123456789', 'orders:carol-key', 'carol:alice-key-0123456789', 'alice:carol-key'];
    for (const READER_KEYS of taken) {
      expect(namesOf(problemsWith({ OPERATOR_KEYS, READER_KEYS }))).toEqual(['READER_KEYS']);
    }
    expect(readConfig({ ...REQUIRED, OPERATOR_KEYS, READER_KEYS: 'carol:carol-key' }).readers).toHaveLength(1);
  });

  test('a certificate without its key, and a public URL that TLS does not serve, are refused', () => {
    expect(namesOf(problemsWith({ TLS_CERT_FILE: 'a.crt' }))).toEqual(['TLS_CERT_FILE']);
    expect(namesOf(problemsWith({ TLS_KEY_FILE: 'a.key' }))).toEqual(['TLS_CERT_FILE']);
    const plain = { TLS_CERT_FILE: 'a.crt', TLS_KEY_FILE: 'a.key', PUBLIC_URL: 'http://receiver.example.com' };
    expect(namesOf(problemsWith(plain))).toEqual(['PUBLIC_URL']);
  });

  test('errors across two variables are reported together with the others', () => {
    const problems = problemsWith({ OPERATOR_KEYS: 'orders:orders-key-0123456789', PORT: 'x', CXONE_ORG_DOMAIN: '' });
    expect(namesOf(problems)).toEqual(['CXONE_ORG_DOMAIN', 'PORT', 'OPERATOR_KEYS']);
  });

  test('no value is repeated, whatever is wrong with it', () => {
    const marked = (value: string) => `${value}MARK`;
    // A profile that cannot be read is named by its path, which is not a secret.
    const names = VARIABLES.map(({ name }) => name).filter((name) => name !== 'CXONE_PROFILE');
    const wrong = Object.fromEntries(names.map((name) => [name, marked('x:y,')]));
    expect(new ConfigError(problemsOf(wrong)).message).not.toMatch(/MARK|x:y/);
    const short = {
      CALLBACK_SECRET: 'MARK',
      APP_KEYS: 'MARK:MARK',
      OPERATOR_KEYS: 'MARK',
      PUBLIC_URL: 'https://MARK@h',
      CALLBACK_HEADER_VALUE: 'MARK',
      CALLBACK_BASIC_AUTH: 'MARK:MARK',
      CALLBACK_BEARER_TOKEN: 'MARK MARK MARK MARK',
      CALLBACK_CLIENTS: 'MARK:MARK',
      CALLBACK_HMAC_SECRET: 'MARK',
      CALLBACK_ALLOWED_IPS: 'MARK',
      APP_WEIGHTS: 'MARK:1',
      NOTIFY_URLS: 'orders:http://MARK/',
      NOTIFY_ALLOWED_HOSTS: 'MARK:https://MARK.example',
      NOTIFY_SECRETS: 'orders:whsec_MARK',
      APP_RATES: 'orders:MARK',
      APP_QUEUE_SHARES: 'MARK MARK:0.5',
      OTEL_EXPORTER_OTLP_HEADERS: 'MARK MARK',
    };
    expect(problemsWith(short).join()).not.toContain('MARK');
    const twice = `MARK:MARK-0123456789,MARK:MARK-0123456789`;
    expect(problemsWith({ APP_KEYS: twice, OPERATOR_KEYS: 'MARK:MARK-9876543210' }).join()).not.toContain('MARK');
  });
});

describe('.env.example', () => {
  const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const entries = [...example.matchAll(/^(#?)([A-Z_]+)=(.*)$/gm)].map(([, mark, name, value]) => ({
    name: name ?? '',
    value: value ?? '',
    isActive: mark === '',
  }));

  test('names every variable of the configuration once, and no other', () => {
    expect(entries.map(({ name }) => name).toSorted()).toEqual(VARIABLES.map(({ name }) => name).toSorted());
  });

  test('shows the actual defaults', () => {
    const fallbacks = Object.fromEntries(VARIABLES.map(({ name, fallback }) => [name, fallback ?? '']));
    expect(Object.fromEntries(entries.map(({ name, value }) => [name, value]))).toEqual(fallbacks);
  });

  test('leaves exactly the required variables to fill in', () => {
    const active = entries.filter(({ isActive }) => isActive).map(({ name }) => name);
    expect(active.toSorted()).toEqual(Object.keys(REQUIRED).toSorted());
    const required = VARIABLES.filter((variable) => variable.required).map(({ name }) => name);
    expect(active).toEqual(expect.arrayContaining(required));
  });

  test('is a working .env once those are set, and equal to one with its defaults written out', () => {
    const filled = example.replace(/^([A-Z_]+)=$/gm, (_, name: keyof typeof REQUIRED) => `${name}=${REQUIRED[name]}`);
    expect(readConfig(parseEnv(filled))).toEqual(readConfig(REQUIRED));
    expect(readConfig(parseEnv(filled.replace(/^#(?=[A-Z_]+=)/gm, '')))).toEqual(readConfig(REQUIRED));
  });
});
