// The unit, its socket and its credentials, installed as documented and run by systemd as PID 1 of a container.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { certificateFor } from '../support/certificate.ts';
import { newDatabase, serverUrl } from '../support/postgres/databases.ts';
import { FAILING_FSYNCS } from './machine.ts';
import { callBack, get, HEADERS, PATIENCE, type Setting, settingFor, submit } from './podman.ts';
import { attachStrace } from './strace.ts';
import { bootHost, NAME, operatorCommand, STATE, startUnit, UPGRADES, untilReady } from './systemd.ts';

const UPGRADING = readFileSync(new URL('../../docs/upgrading.md', import.meta.url), 'utf8');
const { systemd, tracing } = inject('abilities');

/** 0 is the best, 10 the worst. */
const MAX_EXPOSURE = 2;

async function submitAll(setting: Setting, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await submit(setting, id)).toBe(202);
}

async function expectPending(setting: Setting, ids: readonly string[]): Promise<void> {
  for (const id of ids) await expect.poll(async () => (await get(setting, id)).status, PATIENCE).toBe('PENDING');
}

test.runIf(systemd)(
  'the unit has few rights, restarts the receiver after a kill, and its journal is JSON',
  async () => {
    const setting = await settingFor();
    const host = await bootHost(setting.env);
    await startUnit(host, setting);
    const security = await host.run('systemd-analyze', 'security', '--no-pager', `${NAME}.service`);
    expect(Number(/exposure level for .*: ([\d.]+)/.exec(security)?.[1])).toBeLessThanOrEqual(MAX_EXPOSURE);
    const status = await host.run('cat', `/proc/${await host.property('MainPID')}/status`);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(await host.run('stat', '--format', '%a %U', STATE)).toBe('700 cxone-receiver');
    expect(await host.run('stat', '--format', '%a', `${STATE}/receiver.db`)).toBe('600');

    const ids = Array.from({ length: 20 }, (_, i) => `order-${i}`);
    await submitAll(setting, ids);
    await host.run('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', NAME);
    await expect.poll(() => host.property('NRestarts'), PATIENCE).toBe('1');
    await untilReady(setting);
    for (const id of ids) expect(await get(setting, id)).toMatchObject({ correlationId: id });
    await host.run('systemctl', 'stop', NAME);
    expect(await host.property('Result')).toBe('success');
    const messages = await host.messages();
    expect(messages.filter((message) => message === 'listening')).toHaveLength(2);
    expect(messages.at(-1)).toBe('stopped');
  },
);

test.runIf(tracing)(
  'after a failed fsync systemd restarts the receiver, and nothing acknowledged is lost',
  async () => {
    const setting = await settingFor();
    const host = await bootHost(setting.env);
    await startUnit(host, setting);
    const before = ['order-1', 'order-2'];
    await submitAll(setting, before);
    await expectPending(setting, before);
    // From outside the container, so that the sandbox of the unit is as it is.
    onTestFinished(await attachStrace(await host.pidOutside(), FAILING_FSYNCS));
    // On a busy machine, it may reach the next process.
    if ((await submit(setting, 'order-3')) === 202) before.push('order-3');
    await expect.poll(() => host.property('NRestarts'), PATIENCE).toBe('1');
    await untilReady(setting);
    expect(await host.journal()).toContain('status=1/FAILURE');
    await expectPending(setting, before);
    await submitAll(setting, ['order-4']);
    await expectPending(setting, ['order-4']);
  },
);

test.runIf(systemd)('credentials bring the secrets from files that only root can read', async () => {
  const setting = await settingFor();
  const secrets: Record<string, string> = { OPERATOR_KEYS: 'alice:the-operator-key-0123456789' };
  const others: Record<string, string> = {};
  for (const [name, value] of Object.entries(setting.env)) {
    const isSecret = ['CXONE_CLIENT_SECRET', 'CALLBACK_SECRET', 'APP_KEYS'].includes(name);
    (isSecret ? secrets : others)[name] = value;
  }
  const host = await bootHost(others);
  for (const [name, value] of Object.entries(secrets)) {
    await host.write(`/etc/${NAME}/secrets/${name.toLowerCase().replaceAll('_', '-')}`, value);
  }
  await host.run('chmod', '-R', 'go=', `/etc/${NAME}`);
  await host.install('credentials.conf', `${NAME}.service.d/credentials.conf`);
  await startUnit(host, setting);
  await submitAll(setting, ['order-1']);
  await expectPending(setting, ['order-1']);
  expect(await callBack(setting, 'order-1', 1)).toBe(200);
  const environment = await host.run('cat', `/proc/${await host.property('MainPID')}/environ`);
  for (const name of Object.keys(secrets)) {
    expect(environment).toContain(`${name}_FILE=`);
    expect(environment).not.toContain(`${name}=`);
  }
});

test.runIf(systemd)(
  'with the socket, no submission on a new connection fails while the receiver is restarted',
  async () => {
    const setting = await settingFor();
    const host = await bootHost(setting.env);
    const { PORT: port = '' } = setting.env;
    await host.install(`${NAME}.socket`, `${NAME}.socket`, (text) => text.replace(/:8080$/m, `:${port}`));
    await host.run('systemctl', 'daemon-reload');
    await host.run('systemctl', 'enable', '--now', `${NAME}.socket`);
    await host.run('systemctl', 'start', NAME);
    await untilReady(setting);
    const statuses: (number | undefined)[] = [];
    let isOver = false;
    const load = async () => {
      for (let i = 0; !isOver && i < 100_000; i += 1) statuses.push(await submitOnNewConnection(setting, `order-${i}`));
    };
    const submitting = load();
    const pid = await host.property('MainPID');
    await expect.poll(() => statuses.length, PATIENCE).toBeGreaterThan(10);
    await host.run('systemctl', 'restart', NAME);
    const before = statuses.length;
    await expect.poll(() => statuses.length, PATIENCE).toBeGreaterThan(before + 10);
    isOver = true;
    await submitting;
    expect(await host.property('MainPID')).not.toBe(pid);
    expect(new Set(statuses)).toEqual(new Set([202]));
  },
);

/** A request on a kept-alive connection can cross with the end of that connection, at every HTTP server. */
async function submitOnNewConnection({ url }: Setting, correlationId: string): Promise<number | undefined> {
  const sending = request(`${url}/v1/executions`, { method: 'POST', headers: HEADERS, agent: false });
  sending.end(JSON.stringify({ actionId: 'charge', correlationId }));
  const [answer] = (await once(sending, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
  return answer.statusCode;
}

test.runIf(systemd)('systemctl reload brings a new certificate into use without a restart', async () => {
  const setting = await settingFor();
  const files = { TLS_CERT_FILE: `/etc/${NAME}/tls.crt`, TLS_KEY_FILE: `/etc/${NAME}/tls.key` };
  const url = setting.url.replace('http:', 'https:');
  const host = await bootHost({ ...setting.env, PUBLIC_URL: url, ...files });
  await host.install(`${NAME}.service`, `${NAME}.service`, (text) => text.replace('#ExecReload=', 'ExecReload='));
  const use = async (name: string) => {
    const { certFile, keyFile } = await certificateFor([name]);
    await host.give(keyFile, files.TLS_KEY_FILE);
    await host.give(certFile, files.TLS_CERT_FILE);
  };
  await use('first.example.com');
  await host.run('systemctl', 'daemon-reload');
  await host.run('systemctl', 'start', NAME);
  const served = () => servedName(Number(setting.env['PORT']));
  await expect.poll(served, PATIENCE).toBe('CN=first.example.com');
  const pid = await host.property('MainPID');
  await use('second.example.com');
  await host.run('systemctl', 'reload', NAME);
  await expect.poll(served, PATIENCE).toBe('CN=second.example.com');
  expect(await host.property('MainPID')).toBe(pid);
});

/** The subject of the certificate at this port; null while nothing listens. */
function servedName(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.subject ?? null);
      socket.destroy();
    });
    socket.on('error', () => resolve(null));
  });
}

test.runIf(systemd)(
  'a start upgrades a database of an earlier version, and its copy is restored as documented',
  async () => {
    const setting = await settingFor();
    const host = await bootHost(setting.env);
    await host.give(join(UPGRADES, '0004.db'), `${STATE}/receiver.db`);
    await startUnit(host, setting);
    const files = await host.run('ls', STATE);
    const [copy = 'none'] = /receiver-before-upgrade-from-0004-\S+\.db/.exec(files) ?? [];
    await host.run('systemctl', 'stop', NAME);
    const [aside = 'false'] = /^mkdir aside && mv .*$/m.exec(UPGRADING) ?? [];
    await host.run('sh', '-c', `cd ${STATE} && ${aside.replaceAll('data/', '')}`);
    const restored = await host.run('sh', '-c', operatorCommand(`restore ${STATE}/${copy}`));
    expect(restored).toContain(`${STATE}/receiver.db`);
    expect(await host.run('stat', '--format', '%a %U', `${STATE}/receiver.db`)).toBe('600 cxone-receiver');
    await host.run('systemctl', 'start', NAME);
    await untilReady(setting);
    expect(await host.run('sh', '-c', operatorCommand('executions list'))).toContain('COMPLETED');
  },
);

test.runIf(systemd && serverUrl !== null)(
  'two instances of the template serve one PostgreSQL, and are restarted one after the other without a loss',
  async () => {
    const { env, ...others } = await settingFor();
    const [port, databaseUrl] = await Promise.all([freePort(), newDatabase()]);
    const { PORT: firstPort = '', ...shared } = env;
    const ports = [firstPort, String(port)];
    const settings = ports.map((each) => ({ ...others, env, url: `http://127.0.0.1:${each}` }));
    const host = await bootHost({ ...shared, DATABASE_URL: databaseUrl });
    await host.install(`${NAME}@.service`, `${NAME}@.service`);
    await host.run('systemctl', 'daemon-reload');
    await host.run('systemctl', 'enable', '--now', ...ports.map((each) => `${NAME}@${each}`));
    for (const setting of settings) await untilReady(setting);
    const ids = settings.map((_, i) => `order-${i}`);
    for (const [i, setting] of settings.entries()) await submitAll(setting, [ids[i] ?? '']);
    const pids = () =>
      Promise.all(
        ports.map((each) => host.run('systemctl', 'show', '--property=MainPID', '--value', `${NAME}@${each}`)),
      );
    const before = await pids();
    for (const [i, setting] of settings.entries()) {
      await expectPending(setting, ids);
      await host.run('systemctl', 'restart', `${NAME}@${ports[i]}`);
      await untilReady(setting);
    }
    expect(new Set([...before, ...(await pids())]).size).toBe(2 * ports.length);
    for (const setting of settings) await expectPending(setting, ids);
    for (const id of ids) expect(await callBack({ ...others, env, url: '' }, id, 1)).toBe(200);
    expect(others.upstream.to('/api/v2/dx/actions')).toHaveLength(ids.length);
  },
);
