// A notification goes over https to whom its URL names, and to nobody who only answers in their place.

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
  /** The file of the authority that vouches for it: itself. */
  readonly authority: string;
  /** The webhook-ids that it was told. */
  readonly told: string[];
}

/** An https endpoint on loopback that can prove to be hooks.example and nobody else. */
async function startEndpoint(): Promise<Endpoint> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'hooks.example' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'hooks.example' }] }],
  });
  const told: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    told.push(String(request.headers['webhook-id']));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const authority = join(temporaryFolder(), 'authority.pem');
  writeFileSync(authority, cert);
  return { port: (server.address() as AddressInfo).port, authority, told };
}

async function deliver(url: string, env: Record<string, string>): Promise<{ type: string; message?: string }> {
  const { stdout, stderr } = await runCommand(process.execPath, [DELIVER_ONCE, url], env).finished;
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('an endpoint that proves its name is told', async () => {
  const { port, authority, told } = await startEndpoint();
  const receipt = await deliver(`https://hooks.example:${port}/in`, { NODE_EXTRA_CA_CERTS: authority });
  expect(receipt).toMatchObject({ type: 'delivered', httpStatus: 204 });
  expect(told).toEqual(['msg_1']);
});

test('one with the certificate of another name is told nothing', async () => {
  const { port, authority, told } = await startEndpoint();
  const receipt = await deliver(`https://other.example:${port}/in`, { NODE_EXTRA_CA_CERTS: authority });
  expect(receipt).toMatchObject({ type: 'failed', httpStatus: 0, message: expect.stringMatching(/altnames/i) });
  expect(told).toEqual([]);
});

test('one for which no trusted authority vouches is told nothing', async () => {
  const { port, told } = await startEndpoint();
  const receipt = await deliver(`https://hooks.example:${port}/in`, {});
  expect(receipt).toMatchObject({ type: 'failed', httpStatus: 0, message: expect.stringMatching(/self.signed/i) });
  expect(told).toEqual([]);
});
