// The whole program with TLS: its certificate at start, its URLs, and a new certificate after a signal.

import { copyFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { Agent, fetch } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { type Certificate, certificateFor } from '../support/certificate.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { DEAD_URL } from '../support/upstream.ts';

const NAME = 'receiver.example.com';

async function environment({ certFile, keyFile }: Certificate): Promise<Record<string, string>> {
  return {
    CXONE_BASE_URL: DEAD_URL,
    CXONE_CLIENT_ID: 'client',
    CXONE_CLIENT_SECRET: 'client-secret',
    PUBLIC_URL: `https://${NAME}`,
    CALLBACK_SECRET: 'a-secret-for-certificates-32-characters',
    APP_KEYS: 'shop:the-shop-key-0123456789',
    OPERATOR_KEYS: 'alice:the-operator-key-0123456789',
    DATABASE_PATH: `${temporaryFolder()}/receiver.db`,
    PORT: '0',
    CALLBACK_PORT: '0',
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
  };
}

function serialOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port, hostname } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('both ports use TLS, and SIGHUP makes both serve the certificate that is now in the files', async () => {
  const [first, second] = [await certificateFor([NAME]), await certificateFor([NAME])];
  const receiver = run(['start'], await environment(first));
  const { url, webhookUrl } = JSON.parse(await receiver.line((line) => line.includes('"msg":"listening"')));
  const agent = new Agent({ connect: { ca: first.cert } });
  onTestFinished(() => agent.destroy());
  expect((await fetch(`${url}/livez`, { dispatcher: agent })).status).toBe(200);
  const forged = { method: 'POST', body: '{}', dispatcher: agent };
  expect((await fetch(`${webhookUrl}/webhook/cxone-execution/x`, forged)).status).toBe(404);

  const before = await serialOf(url);
  copyFileSync(second.certFile, first.certFile);
  copyFileSync(second.keyFile, first.keyFile);
  receiver.child.kill('SIGHUP');
  await expect.poll(() => serialOf(url)).not.toBe(before);
  expect(await serialOf(webhookUrl)).toBe(await serialOf(url));
});

test('an unusable certificate prevents the start, and is named', async () => {
  const { certFile, keyFile } = await certificateFor([NAME]);
  const env = await environment({ cert: '', key: '', certFile: keyFile, keyFile: certFile });
  const { code, stderr } = await run(['start'], env).finished;
  expect([code, stderr]).toEqual([1, 'TLS_CERT_FILE contains no certificate in PEM form\n']);
});

test('a command does not guess the name in the certificate', async () => {
  const env = await environment(await certificateFor([NAME]));
  const { code, stderr } = await run(['notifications', 'replay', '--all'], env).finished;
  expect(code).toBe(2);
  expect(stderr).toContain('The receiver uses TLS: set RECEIVER_URL');
});
