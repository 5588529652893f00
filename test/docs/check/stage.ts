// What a reader of the pages has: a fresh copy of the repository, a CXone (the simulator), an app, a `.env`, and a receiver.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { freePort } from '../../../src/lib/free-port.ts';
import { createSimulator } from '../../../src/simulator/app.ts';
import { ROOT } from '../pages.ts';
import { eventually } from './eventually.ts';
import { createShell, type Lasting, npmVariables, type Shell } from './shell.ts';

const READY = '"msg":"listening"';
/** What pages and their commands leave behind, relative to the copy. */
const LEFT_BEHIND = ['aside', 'data', '.env', '*.tgz', '../receiver'];

export interface Stage {
  readonly shell: Shell;
  /** The copy of the repository. */
  readonly folder: string;
  readonly port: number;
  readonly appKey: string;
  /** An endpoint of the app that does not accept notifications. */
  readonly appUrl: string;
  /** Ensures that packages are installed and that a receiver runs, or that none does; null leaves that as it is. */
  prepare(needs: { readonly packages: boolean; readonly receiver: boolean | null }): Promise<void>;
  /** Sets the variables in a `.env` that was just copied, as the page asks its reader to do. */
  setVariables(): void;
  /** Takes a receiver that a command has started for the one that runs. */
  adopt(receiver: Lasting): void;
  /** Calls the receiver as an operator. */
  // biome-ignore lint/suspicious/noExplicitAny: documents of the API, of which each value takes one member
  call(method: string, path: string, body?: object): Promise<any>;
  /** Submits as the app; resolves to the id of the execution when it has one of these statuses. */
  submit(submission: object, statuses: RegExp): Promise<string>;
  /** Ends the receiver, and removes what the page has left. */
  endPage(): Promise<void>;
  close(): Promise<void>;
}

/** One function because its parts share the receiver that runs. */
export async function setStage(scratch: string): Promise<Stage> {
  const folder = join(scratch, 'cxone-callback-receiver');
  copyRepository(folder);
  const shell = createShell(scratch, npmVariables());
  const simulator = createSimulator({ latencyMs: 5, jitterMs: 5, runMs: 50, runJitterMs: 50, requestsPerSecond: 0 });
  const [cxone, app, port] = await Promise.all([simulator.listen(), startApp(), freePort()]);
  const appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const url = `http://127.0.0.1:${port}`;
  const keys = { app: 'the-key-of-an-app-in-the-docs-0001', operator: 'the-key-of-an-operator-in-the-docs-0001' };
  const variables = {
    CXONE_BASE_URL: cxone.url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    CXONE_RECORD_DIR: 'data/recordings',
    PUBLIC_URL: url,
    HOST: '127.0.0.1',
    PORT: String(port),
    CALLBACK_SECRET: 'xK3vQ9sT7bW2mZ5pR8dF4hJ6nL1cY0aE',
    APP_KEYS: `my-app:${keys.app}`,
    OPERATOR_KEYS: `me:${keys.operator}`,
    GRACE_SECONDS: '1',
    POLL_INTERVAL_SECONDS: '1',
    NOTIFY_ALLOWED_HOSTS: `my-app:${appUrl}`,
    AUDIT_RETENTION_DAYS: '30',
  };
  const environmentFile = join(folder, '.env');
  let receiver: Lasting | null = null;

  const stop = async () => {
    const code = await receiver?.stop();
    receiver = null;
    // npx itself ends by the signal.
    if (code !== undefined && code !== null && code !== 0)
      throw new Error(`the receiver ended with exit code ${code} after Ctrl-C`);
  };
  const request = async (method: string, path: string, key: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };

  const stage: Stage = {
    shell,
    folder,
    port,
    appKey: keys.app,
    appUrl,
    setVariables: () => {
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
      const template = existsSync(environmentFile) ? readFileSync(environmentFile, 'utf8') : '';
      const unset = template.replaceAll(/^[A-Z_]+=$/gm, '');
      writeFileSync(environmentFile, `${unset}\n${lines.join('')}`);
    },
    prepare: async (needs) => {
      if (needs.packages && !existsSync(join(folder, 'node_modules'))) {
        const { code, stderr } = await shell.run('npm ci', folder);
        if (code !== 0) throw new Error(`npm ci failed: ${stderr}`);
      }
      if (needs.receiver !== null && !existsSync(environmentFile)) stage.setVariables();
      if (needs.receiver && receiver === null) {
        receiver = shell.start('npm start', folder);
        await receiver.until(READY);
        // Lists are not empty.
        await stage.submit({ inputs: { simulate: 'callback' } }, /^COMPLETED$/);
      }
      if (needs.receiver === false) await stop();
    },
    adopt: (started) => {
      receiver = started;
    },
    call: (method, path, body) => request(method, path, keys.operator, body),
    submit: async (submission, statuses) => {
      const { correlationId } = await request('POST', '/v1/executions', keys.app, {
        actionId: 'charge-card',
        ...submission,
      });
      return eventually(`${correlationId} with status ${statuses.source}`, async () => {
        const { status } = await request('GET', `/v1/executions/${correlationId}`, keys.app);
        return statuses.test(status) ? correlationId : null;
      });
    },
    endPage: async () => {
      await stop();
      for (const path of globSync(LEFT_BEHIND, { cwd: folder })) rmSync(join(folder, path), { recursive: true });
    },
    close: async () => {
      await stop().finally(() => shell.close());
      await simulator.close();
      app.closeAllConnections();
      app.close();
    },
  };
  return stage;
}

/** As `git clone` makes it, with the changes that are not committed. */
function copyRepository(folder: string): void {
  const options = { cwd: ROOT, encoding: 'utf8' } as const;
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options);
  for (const file of files.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(folder, file));
  }
}

/** Accepts no notification: each becomes a dead letter. */
async function startApp(): Promise<Server> {
  const server = createServer((message, response) => {
    message.resume();
    response.writeHead(410).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
