// nginx and Caddy with the examples of deploy/, changed only in the addresses and the certificate.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch, type RequestInit } from 'undici';
import { onTestFinished } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { type Certificate, certificateFor } from '../support/certificate.ts';
import { runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';

export interface Front {
  /** The https URL of the proxy. */
  readonly url: string;
  readonly certificate: Certificate;
  /** Sends a request through the proxy, on a connection from this address of the machine. */
  fetch(path: string, init?: RequestInit, from?: string): ReturnType<typeof fetch>;
  /** Starts it in front of the server on this port. */
  passTo(port: number): Promise<void>;
}

type Configure = (change: (from: string, to: string) => void, front: { port: number; folder: string }) => void;

interface Kind {
  readonly name: string;
  readonly example: string;
  readonly configure: Configure;
  /** The lines of the example to uncomment, so that it strips /cx. */
  readonly stripping: readonly string[];
  /** A line of the example, and the same with the compression of every response. */
  readonly compressing: readonly [line: string, lines: string];
  /** The main file, around the example. */
  readonly wrap: (example: string, folder: string) => string;
  readonly command: (file: string) => readonly [string, readonly string[]];
}

const read = (name: string) => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

export const NGINX: Kind = {
  name: 'nginx',
  example: 'nginx/cxone-callback-receiver.conf',
  configure: (change, { port, folder }) => {
    change('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`);
    change('/etc/ssl/receiver.example.com.crt', `${folder}/tls.crt`);
    change('/etc/ssl/receiver.example.com.key', `${folder}/tls.key`);
  },
  stripping: ['rewrite ^/cx(?:/(.*))?$ /$1;'],
  compressing: [
    'proxy_buffering off; ',
    'gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1; gzip_http_version 1.0; # ',
  ],
  wrap: (example, folder) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    return [
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;`,
      'events {}',
      'http {',
      ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
      `access_log ${folder}/access.log;`,
      example,
      '}',
    ].join('\n');
  },
  command: (file) => ['nginx', ['-c', file, '-e', `${file}.log`]],
};

const CADDY: Kind = {
  name: 'Caddy',
  example: 'caddy/Caddyfile',
  configure: (change, { port, folder }) => {
    change(
      '\nreceiver.example.com {\n',
      `\nhttps://127.0.0.1:${port} {\n\tbind 127.0.0.1\n\ttls ${folder}/tls.crt ${folder}/tls.key\n`,
    );
  },
  stripping: ['@below path /cx /cx/*', 'uri @below strip_prefix /cx'],
  compressing: [
    '\t@repeatable method GET HEAD\n',
    '\tencode {\n\t\tgzip\n\t\tminimum_length 1\n\t\tmatch header Content-Type *\n\t}\n\t@repeatable method GET HEAD\n',
  ],
  wrap: (example) => `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${example}`,
  command: (file) => ['caddy', ['run', '--adapter', 'caddyfile', '--config', file]],
};

export const PROXIES: readonly Kind[] = [NGINX, CADDY];

interface FrontOptions {
  /** Whether the path /cx is stripped, by the lines that the example has for it. */
  readonly strips?: boolean;
  readonly compresses?: boolean;
}

export async function frontOf(kind: Kind, { strips = false, compresses = false }: FrontOptions = {}): Promise<Front> {
  const certificate = await certificateFor(['receiver.example.com']);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const agents = new Map<string, Agent>();
  onTestFinished(async () => void (await Promise.all([...agents.values()].map((agent) => agent.destroy()))));

  function dispatcherFrom(localAddress: string): Agent {
    const agent = agents.get(localAddress) ?? new Agent({ localAddress, connect: { ca: certificate.cert } });
    agents.set(localAddress, agent);
    return agent;
  }

  const front: Front = {
    url,
    certificate,
    fetch: (path, init = {}, from = '127.0.0.1') =>
      fetch(`${url}${path}`, { ...init, dispatcher: dispatcherFrom(from) }),
    passTo: async (upstream) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'tls.crt'), certificate.cert);
      writeFileSync(join(folder, 'tls.key'), certificate.key);
      let example = read(kind.example);
      const change = (from: string, to: string) => {
        if (!example.includes(from)) throw new Error(`${kind.example} has no ${from}`);
        example = example.replaceAll(from, to);
      };
      kind.configure(change, { port, folder });
      if (strips) for (const line of kind.stripping) change(`#${line}`, line);
      if (compresses) change(...kind.compressing);
      change('127.0.0.1:8080', `127.0.0.1:${upstream}`);
      const file = join(folder, 'config');
      writeFileSync(file, kind.wrap(example, folder));
      const [command, args] = kind.command(file);
      const running = runCommand(command, args, { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder });
      await Promise.race([answers(front), ended(running.finished, kind.name)]);
    },
  };
  return front;
}

async function answers(front: Front): Promise<void> {
  for (;;) {
    try {
      await (await front.fetch('/')).arrayBuffer();
      return;
    } catch {
      await sleep(20);
    }
  }
}

async function ended(finished: Promise<{ stderr: string }>, name: string): Promise<never> {
  throw new Error(`${name} does not start: ${(await finished).stderr}`);
}
