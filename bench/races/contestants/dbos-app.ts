// The app of DBOS in the races: a workflow that waits for a message. Arguments: a module of the package, the URL of PostgreSQL.

import { type Launched, WAIT, type WaitInput } from './dbos-wait.ts';

/** The used part of the package. */
interface Package {
  readonly DBOS: {
    setConfig(config: { name: string; systemDatabaseUrl: string; logLevel: string; applicationVersion: string }): void;
    registerWorkflow(workflow: (input: WaitInput) => Promise<unknown>, options: { name: string }): unknown;
    registerQueue(name: string, options: { minPollingIntervalMs: number }): Promise<unknown>;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
    recv<T>(topic: string, timeoutSeconds: number): Promise<T | null>;
  };
}

async function main(module: string, url: string): Promise<void> {
  const { DBOS } = (await import(module)) as Package;
  DBOS.setConfig({ name: WAIT.app, systemDatabaseUrl: url, logLevel: 'warn', applicationVersion: WAIT.version });
  const wait = ({ timeoutSeconds }: WaitInput) => DBOS.recv<unknown>(WAIT.topic, timeoutSeconds);
  DBOS.registerWorkflow(wait, { name: WAIT.workflow });
  await DBOS.launch();
  await DBOS.registerQueue(WAIT.queue, { minPollingIntervalMs: 100 });
  process.on('SIGTERM', () => void DBOS.shutdown().finally(() => process.exit(0)));
  process.send?.({ launched: true } satisfies Launched);
}

const [, , module = '', url = ''] = process.argv;
await main(module, url);
