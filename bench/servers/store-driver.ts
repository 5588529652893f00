// Records callbacks at a store without HTTP, many at a time: the store of the receiver on PostgreSQL, or that of the obvious build.
// Arguments: `receiver` or `obvious`, the URL of its database, the secret of the callback URLs in the file of requests.

import { pino } from 'pino';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import type { JsonObject } from '../../src/execution/json.ts';
import { systemWorld } from '../../src/lib/world.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { readRequests } from '../load/requests.ts';
import { openObviousStore } from './obvious-on-postgres.ts';

export interface DriveOrder {
  /** A file from `writeRequests` with callbacks. */
  readonly file: string;
  readonly from: number;
  /** The maximum number of callbacks, and the seconds after which no more are begun. */
  readonly most: number;
  readonly seconds: number;
  readonly inFlight: number;
}

export interface Driven {
  readonly driven: { readonly requests: number; readonly seconds: number };
}

interface Callback {
  readonly reference: string;
  readonly executionId: string;
  readonly result: JsonObject;
}

interface Driver {
  /** Returns the outcome. */
  record(callback: Callback): Promise<string | undefined>;
  close(): Promise<void>;
}

const [, , name = '', url = '', secret = ''] = process.argv;

async function openReceiver(): Promise<Driver> {
  const store = await openPostgresStore({ url, world: systemWorld, log: pino({ level: 'silent' }) });
  return {
    record: async ({ reference, executionId, result }) => {
      const report = { kind: 'completed', statusWord: 'COMPLETED', result, error: null } as const;
      const recorded = await store.record(reference, { type: 'callback', executionId, report }, systemWorld.now());
      return recorded?.outcome;
    },
    close: store.close,
  };
}

function openObvious(): Driver {
  const store = openObviousStore(url);
  return {
    record: ({ reference, executionId, result }) =>
      store.record(reference, { executionId, status: 'COMPLETED', result: JSON.stringify(result), error: null }),
    close: store.close,
  };
}

const { verify } = createSignedUrls('', [secret]);
let callbacks: { readonly file: string; readonly all: readonly Callback[] } = { file: '', all: [] };

async function callbacksIn(file: string): Promise<readonly Callback[]> {
  if (callbacks.file === file) return callbacks.all;
  const all = (await readRequests(file)).map(({ path, body }) => {
    const { executionId, result } = JSON.parse(body) as Pick<Callback, 'executionId' | 'result'>;
    return { reference: verify(path.slice(CALLBACK_PATH.length + 1)) ?? '', executionId, result };
  });
  callbacks = { file, all };
  return all;
}

async function drive(driver: Driver, { file, from, most, seconds, inFlight }: DriveOrder): Promise<Driven['driven']> {
  const chosen = (await callbacksIn(file)).slice(from, from + most);
  const begun = performance.now();
  let next = 0;
  async function lane(): Promise<void> {
    while (performance.now() - begun < seconds * 1000) {
      const callback = chosen[next];
      if (callback === undefined) return;
      next += 1;
      const outcome = await driver.record(callback);
      if (outcome !== 'resolved') throw new Error(`${name}: a callback was ${outcome}`);
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { requests: next, seconds: (performance.now() - begun) / 1000 };
}

const driver = name === 'receiver' ? await openReceiver() : openObvious();
process.on('SIGTERM', () => void driver.close().finally(() => process.exit(0)));
process.on('message', (message: object) => {
  if (!('inFlight' in message)) return;
  void drive(driver, message as DriveOrder).then((driven) => process.send?.({ driven } satisfies Driven));
});
process.channel?.ref();
process.send?.({ driver: 'ready' });
