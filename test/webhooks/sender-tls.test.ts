// A notification over https goes only to an endpoint that proves the host name of its URL.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const DELIVER_ONCE = fileURLToPath(new URL('deliver-once.ts', import.meta.url));

interface Endpoint {
  readonly port: number;
  /** The file of the certificate authority, which is the certificate itself. */
  readonly authority: string;
  /** The webhook-ids that it received. */
  readonly received: string[];
}

/** Starts an https endpoint on loopback with a certificate for hooks.example only. */
async function startEndpoint(): Promise<Endpoint> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'hooks.example' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'hooks.example' }] }],
  });
  const received: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    received.push(String(request.headers['webhook-id']));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const authority = join(temporaryFolder(), 'authority.pem');
  writeFileSync(authority, cert);
  return { port: (server.address() as AddressInfo).port, authority, received };
}

async function deliver(url: string, env: Record<string, string>): Promise<{ type: string; message?: string }> {
  const { stdout, stderr } = await runCommand(process.execPath, [DELIVER_ONCE, url], env).finished;
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('an endpoint that proves its name receives the notification', async () => {
  const { port, authority, received } = await startEndpoint();
  const receipt = await deliver(`https://hooks.example:${port}/in`, { NODE_EXTRA_CA_CERTS: authority });
  expect(receipt).toMatchObject({ type: 'delivered', httpStatus: 204 });
  expect(received).toEqual(['msg_1']);
});

test('an endpoint with the certificate of another name receives nothing', async () => {
  const { port, authority, received } = await startEndpoint();
  const receipt = await deliver(`https://other.example:${port}/in`, { NODE_EXTRA_CA_CERTS: authority });
  expect(receipt).toMatchObject({ type: 'failed', httpStatus: 0, message: expect.stringMatching(/altnames/i) });
  expect(received).toEqual([]);
});

test('an endpoint without a certificate of a trusted authority receives nothing', async () => {
  const { port, received } = await startEndpoint();
  const receipt = await deliver(`https://hooks.example:${port}/in`, {});
  expect(receipt).toMatchObject({ type: 'failed', httpStatus: 0, message: expect.stringMatching(/self.signed/i) });
  expect(received).toEqual([]);
});
