// TLS of the receiver's own: what it shows, what it refuses, and that a new certificate is taken up without a restart.

import { copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { connect, type SecureVersion } from 'node:tls';
import { Agent, fetch } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '../../../src/http/server/server.ts';
import { createTlsRenewal, readTlsPair, type TlsPair } from '../../../src/http/server/tls.ts';
import type { Facts } from '../../../src/lib/log.ts';
import { type Certificate, certificateFor } from '../../support/certificate.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { wire } from '../harness.ts';

const NAME = 'receiver.example.com';
const DAY_MS = 86_400_000;

async function serve({ cert, key }: TlsPair) {
  const server = await listen(() => new Response('hello'), { host: '127.0.0.1', port: 0, tls: { cert, key } });
  onTestFinished(() => server.close(0));
  return server;
}

/** The certificate that a new connection is shown; rejects when there is none. */
function shown(port: number, version?: SecureVersion): Promise<string> {
  return new Promise((resolve, reject) => {
    const versions = version ? { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } : {};
    const socket = connect(
      { port, host: '127.0.0.1', servername: NAME, rejectUnauthorized: false, ...versions },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

function over(ca: string): Agent {
  const agent = new Agent({ connect: { ca, servername: NAME } });
  onTestFinished(() => agent.destroy());
  return agent;
}

const filesOf = ({ certFile, keyFile }: Certificate) => ({ certFile, keyFile });

describe('the listener', () => {
  test('is reached over https by clients that trust its certificate, and its URLs are https', async () => {
    const certificate = await certificateFor([NAME]);
    const server = await serve(certificate);
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const answer = await fetch(server.url, { dispatcher: over(certificate.cert) });
    expect(await answer.text()).toBe('hello');
  });

  test('speaks TLS 1.2 and 1.3 and nothing older, before and after a renewal', async () => {
    const server = await serve(await certificateFor([NAME]));
    for (let renewals = 0; renewals < 2; renewals += 1) {
      await expect(shown(server.port, 'TLSv1.2')).resolves.toBeDefined();
      await expect(shown(server.port, 'TLSv1.3')).resolves.toBeDefined();
      await expect(shown(server.port, 'TLSv1.1')).rejects.toThrow();
      server.renew(await certificateFor([NAME]));
    }
  });

  test('disconnects a client that speaks plain HTTP, and continues to serve', async () => {
    const server = await serve(await certificateFor([NAME]));
    const plain = wire(server.port);
    plain.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await plain.closed).not.toContain('HTTP/1.1');
    await expect(shown(server.port)).resolves.toBeDefined();
  });

  test('cuts off who never finishes the handshake', async () => {
    const { cert, key } = await certificateFor([NAME]);
    const limits = { headersTimeout: 100 };
    const server = await listen(() => new Response(), { host: '127.0.0.1', port: 0, tls: { cert, key }, limits });
    onTestFinished(() => server.close(0));
    expect(await wire(server.port).closed).toBe('');
  });

  test('shows the new certificate to new connections, while those that stand go on', async () => {
    const [old, renewed] = [await certificateFor([NAME]), await certificateFor([NAME])];
    const server = await serve(old);
    const kept = over(old.cert);
    await (await fetch(server.url, { dispatcher: kept })).text();
    const before = await shown(server.port);
    server.renew(renewed);
    expect(await shown(server.port)).not.toBe(before);
    expect(await (await fetch(server.url, { dispatcher: kept })).text()).toBe('hello');
    expect(await (await fetch(server.url, { dispatcher: over(renewed.cert) })).text()).toBe('hello');
  });
});

describe('what cannot be served is named', () => {
  test.for<[string, (files: Certificate) => Promise<void> | void, RegExp]>([
    [
      'a certificate that is not there',
      (files) => void Object.assign(files, { certFile: '/nowhere' }),
      /^TLS_CERT_FILE cannot be read/,
    ],
    [
      'a key that is not there',
      (files) => void Object.assign(files, { keyFile: '/nowhere' }),
      /^TLS_KEY_FILE cannot be read/,
    ],
    [
      'a file without a certificate',
      ({ certFile }) => writeFileSync(certFile, 'MARK'),
      /^TLS_CERT_FILE contains no certificate/,
    ],
    [
      'a file without a key',
      ({ keyFile }) => writeFileSync(keyFile, 'MARK'),
      /^TLS_KEY_FILE contains no unencrypted private key/,
    ],
    [
      'the two confused',
      ({ certFile, keyFile }) => copyFileSync(certFile, keyFile),
      /^TLS_KEY_FILE contains no unencrypted private key/,
    ],
    [
      'the key of another certificate',
      async ({ keyFile }) => writeFileSync(keyFile, (await certificateFor([NAME])).key),
      /^TLS_KEY_FILE is not the key of the first certificate in TLS_CERT_FILE$/,
    ],
  ])('%s', async ([, spoil, expected]) => {
    const certificate = { ...(await certificateFor([NAME])) };
    await spoil(certificate);
    const reading = readTlsPair(filesOf(certificate));
    await expect(reading).rejects.toThrow(expected);
    await expect(reading).rejects.not.toThrow('MARK');
  });
});

describe('renewal', () => {
  async function renewing(publicHost: string | null = NAME, until?: Date) {
    const certificate = await certificateFor([NAME], until);
    const messages: string[] = [];
    const log = { ...quietLog(), info: (_facts: Facts, message: string) => void messages.push(message) };
    const used: TlsPair[] = [];
    const renewal = createTlsRenewal({
      files: filesOf(certificate),
      first: { cert: certificate.cert, key: certificate.key },
      use: (pair) => used.push(pair),
      expected: { publicHost, now: () => Date.now() },
      log,
    });
    const warnings = () =>
      log.lines.filter(({ level }) => level === 'warn' || level === 'error').map((line) => line.message);
    return { certificate, renewal, used, warnings, messages };
  }

  test('takes up a new pair once, and nothing that has not changed', async () => {
    const { certificate, renewal, used } = await renewing();
    await renewal.check();
    expect(used).toEqual([]);
    const { cert, key } = await certificateFor([NAME]);
    writeFileSync(certificate.certFile, cert);
    writeFileSync(certificate.keyFile, key);
    await renewal.check();
    await renewal.check();
    expect(used).toEqual([{ cert, key }]);
  });

  test('keeps the old pair while the new one is bad, says so once, and takes up the new one when it is mended', async () => {
    const { certificate, renewal, used, warnings } = await renewing();
    const { cert, key } = await certificateFor([NAME]);
    writeFileSync(certificate.certFile, cert);
    await renewal.check();
    await renewal.check();
    expect(used).toEqual([]);
    expect(warnings()).toEqual(['the new TLS certificate cannot be used: the old one stays']);
    await renewal.reload();
    expect(warnings()).toHaveLength(2);
    writeFileSync(certificate.keyFile, key);
    await renewal.check();
    expect(used).toEqual([{ cert, key }]);
  });

  test('a reload without a new certificate reports that nothing has changed', async () => {
    const { renewal, messages } = await renewing();
    await renewal.reload();
    expect(messages).toEqual(['TLS certificate in use', 'the TLS certificate has not changed']);
  });

  test.for([
    [NAME, 90, []],
    [NAME, 5, ['the TLS certificate expires soon: renew it']],
    ['other.example.com', 90, ['the TLS certificate does not name the host of PUBLIC_URL: CXone will not accept it']],
    ['127.0.0.1', 90, []],
    ['[::1]', 90, ['the TLS certificate does not name the host of PUBLIC_URL: CXone will not accept it']],
    [null, 90, []],
  ] as const)('for the host %s and %d days it warns of %o', async ([host, days, expected]) => {
    const { warnings } = await renewing(host, new Date(Date.now() + days * DAY_MS));
    expect(warnings()).toEqual(expected);
  });
});

test('a port that is taken is named for TLS as for plain HTTP', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  const { cert, key } = await certificateFor([NAME]);
  await expect(listen(() => new Response(), { host: '127.0.0.1', port, tls: { cert, key } })).rejects.toThrow(
    'EADDRINUSE',
  );
});
