// A receiver and a simulator in real time, and the examples that run against them as a user runs them.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { readConfig } from '../../src/config/config.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { systemWorld } from '../../src/lib/world.ts';
import { startReceiver } from '../../src/receiver.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { fatal } from '../support/fatal.ts';
import { type Running, runCommand } from '../support/process.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KEY = 'the-shop-key-0123456789';

interface Stage {
  /** The receiver, and the key of its app. */
  readonly url: string;
  readonly key: string;
  readonly client: ReturnType<typeof createClient>;
  /** A port for the app's notification endpoint. */
  readonly appPort: string;
  /** The number of executions that CXone was asked to start. */
  runs(): number;
  /** Runs an example with these variables, the receiver's address and the key. */
  run(command: string, example: string, env?: Record<string, string>): Running;
}

export async function setStage(): Promise<Stage> {
  const simulator = createSimulator({ latencyMs: 0, jitterMs: 0, runMs: 0, runJitterMs: 0 });
  const { url } = await simulator.listen();
  const appPort = String(await freePort());
  const config = readConfig({
    CXONE_BASE_URL: url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-examples-of-32-characters',
    APP_KEYS: `shop:${KEY}`,
    NOTIFY_ALLOWED_HOSTS: `shop:http://127.0.0.1:${appPort}`,
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
  });
  const service = await startReceiver({
    config,
    world: systemWorld,
    log: quietLog(),
    fatal,
    publicUrlFromListener: true,
  });
  onTestFinished(async () => {
    await service.stop();
    await simulator.close();
  });
  return {
    url: service.url,
    key: KEY,
    client: createClient({ baseUrl: service.url, key: KEY }),
    appPort,
    runs: () => simulator.stats().requests.execute,
    run: (command, example, env = {}) => {
      const file = fileURLToPath(new URL(`../../examples/${example}`, import.meta.url));
      // Uses the client of src/, not a built one.
      const own = { NODE_OPTIONS: '--conditions=receiver-source', RECEIVER_URL: service.url, RECEIVER_KEY: KEY };
      return runCommand(command, [file], { ...own, ...env });
    },
  };
}
