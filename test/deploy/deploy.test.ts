// The image and the unit give the receiver no more rights than it needs; this test reads them as text.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ALL_TIMEOUT_MS } from '../../src/cli/receiver.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { DRAIN_MS } from '../../src/receiver.ts';

const HOME = new URL('../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, HOME), 'utf8');

/** The command of `npm start`. */
const START: string[] = JSON.parse(read('package.json'))
  .scripts.start.replace(/^exec /, '')
  .split(' ');

test('npm start, the image and the unit bound the young generation alike', () => {
  expect(START).toEqual(['node', '--max-semi-space-size=16', 'src/main.ts', 'start']);
  expect(read('deploy/cxone-callback-receiver.service')).toContain(`\nExecStart=/usr/bin/${START.join(' ')}\n`);
});

test('the image and the units let glibc return the memory of large results to the system', () => {
  const setting = 'MALLOC_MMAP_THRESHOLD_=131072';
  expect(read('deploy/Containerfile')).toContain(`\nENV ${setting}\n`);
  for (const unit of ['cxone-callback-receiver.service', 'cxone-callback-receiver@.service'])
    expect(read(`deploy/${unit}`)).toContain(`\nEnvironment=${setting}\n`);
});

test.for(['several-receivers.conf', 'cxone-callback-receiver.conf'])(
  '%s waits for actions on all that match',
  (name) => {
    const config = read(`deploy/nginx/${name}`);
    const [, paths = '', seconds] = /location ~ (\S+) {\s+proxy_read_timeout (\d+)s;/.exec(config) ?? [];
    expect(Number(seconds) * 1000).toBe(ALL_TIMEOUT_MS);
    const isPatient = (path: string) => new RegExp(paths).test(path);
    const actions = [
      '/v1/executions/poll',
      '/v1/executions/cancel',
      '/v1/executions/erase',
      '/v1/notifications/replay',
    ];
    const pages = ['/console/all/poll', '/console/all/cancel', '/console/all/erase', '/console/all/replay'];
    expect([...actions, ...pages].filter((path) => !isPatient(path))).toEqual([]);
    expect(['/v1/executions', '/v1/executions/order-1/cancel', '/webhook/token'].filter(isPatient)).toEqual([]);
  },
);

test.for(['receiver.yaml', 'several-receivers.yaml'])(
  'the ingress of %s waits for actions on all that match',
  (name) => {
    const [, seconds] = /proxy-read-timeout: '(\d+)'/.exec(read(`deploy/kubernetes/${name}`)) ?? [];
    expect(Number(seconds) * 1000).toBe(ALL_TIMEOUT_MS);
  },
);

describe('the image', () => {
  const lines = read('deploy/Containerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const all = (instruction: string) => lines.filter((line) => line.startsWith(`${instruction} `));

  test('is based on the public image of the Node version that strips the types', () => {
    expect(all('ARG')).toEqual(['ARG BASE=docker.io/library/node:24-bookworm-slim']);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of a Containerfile
    expect(all('FROM').map((line) => line.split(' ')[1])).toEqual(Array(2).fill('${BASE}'));
  });

  test('runs as a user without privileges', () => {
    const user = lines.findIndex((line) => line.startsWith('USER '));
    expect(lines[user]).toBe('USER node');
    // That user builds nothing either, so that the running program cannot overwrite itself.
    expect(lines.slice(user).filter((line) => /^(RUN|COPY|ADD) /.test(line))).toEqual([]);
  });

  test('installs the locked packages, for production only, and runs no install script', () => {
    expect(all('RUN').filter((line) => line.includes('npm'))).toEqual([
      'RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund',
    ]);
    expect(all('ADD')).toEqual([]);
  });

  test('copies only the listed files, and each of them exists', () => {
    const letIn = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(read('.dockerignore').split('\n')).toContain('*');
    expect(letIn.filter((name) => !existsSync(fileURLToPath(new URL(name, HOME))))).toEqual([]);
    const copied = all('COPY')
      .filter((line) => !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(new Set(copied)).toEqual(new Set(letIn));
  });

  test('has a health check that needs only Node, and time to drain', () => {
    expect(all('HEALTHCHECK')).toEqual([expect.stringMatching(/CMD \["node", "-e", ".*\/livez/)]);
    expect(all('STOPSIGNAL')).toEqual(['STOPSIGNAL SIGTERM']);
    expect(all('CMD')).toEqual([`CMD ${JSON.stringify(START).replaceAll(',', ', ')}`]);
  });

  test('contains no secret', () => {
    expect(lines.join('\n')).not.toMatch(/SECRET|_KEYS|PASSWORD/);
  });
});

describe('the unit', () => {
  const unit = read('deploy/cxone-callback-receiver.service');

  test('runs as a user of its own, may write only its state, and always restarts', () => {
    for (const setting of [
      'User=cxone-receiver',
      'ProtectSystem=strict',
      'StateDirectory=cxone-callback-receiver',
      'UMask=0077',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'Restart=always',
    ]) {
      expect(unit.split('\n')).toContain(setting);
    }
  });

  test('is the template of several receivers, except for the port, and for the file that they do not have', () => {
    const settings = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const [one, several] = [settings(unit), settings(read('deploy/cxone-callback-receiver@.service'))];
    expect(several.filter((line) => !one.includes(line))).toEqual([
      'Description=CXone callback receiver on port %i',
      'Environment=NODE_ENV=production PORT=%i',
    ]);
    expect(one.filter((line) => !several.includes(line))).toEqual([
      'Description=CXone callback receiver',
      'Environment=NODE_ENV=production DATABASE_PATH=/var/lib/cxone-callback-receiver/receiver.db',
      'StateDirectory=cxone-callback-receiver',
      'StateDirectoryMode=0700',
    ]);
  });

  test('allows more time to stop than draining takes', () => {
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1000).toBeGreaterThan(DRAIN_MS);
  });

  test('has a socket on the default port of the receiver', () => {
    const socket = read('deploy/cxone-callback-receiver.socket');
    const { fallback } = VARIABLES.find(({ name }) => name === 'PORT') ?? {};
    expect([...socket.matchAll(/^ListenStream=(.*)$/gm)].map(([, address]) => address)).toEqual([
      `127.0.0.1:${fallback}`,
    ]);
  });

  test('can take each secret from a credential, under the name that it is loaded as', () => {
    const credentials = read('deploy/credentials.conf');
    const loaded = [...credentials.matchAll(/^LoadCredential=([a-z-]+):/gm)].map(([, name]) => name);
    const taken = [...credentials.matchAll(/^Environment=([A-Z_]+)_FILE=%d\/([a-z-]+)$/gm)];
    expect(taken.map(([, , name]) => name)).toEqual(loaded);
    const secrets = VARIABLES.filter(({ secret }) => secret).map(({ name }) => name);
    expect(taken.filter(([, variable]) => !secrets.includes(variable ?? ''))).toEqual([]);
    const required = VARIABLES.filter(({ secret, required }) => secret && required).map(({ name }) => name);
    expect(taken.map(([, variable]) => variable)).toEqual(expect.arrayContaining(required));
  });
});
