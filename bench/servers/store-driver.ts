// Records callbacks and adds submissions at a store without HTTP, many at a time: that of the receiver on PostgreSQL, or of the obvious build.
// Arguments: `receiver` or `obvious`, the URL of its database, the secret of the callback URLs in the file of requests.

import { pino } from 'pino';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { newExecution } from '../../src/execution/execution.ts';
import type { JsonObject } from '../../src/execution/json.ts';
import { systemWorld, timeOrderedIds } from '../../src/lib/world.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { readRequests } from '../load/requests.ts';
import { FINGERPRINT, submissionOf } from '../prepared.ts';
import { openObviousStore } from './obvious-on-postgres.ts';

export interface DriveOrder {
  readonly kind: 'callbacks' | 'submissions';
  /** A file from `writeRequests` with callbacks. */
  readonly file: string;
  readonly from: number;
  /** The maximum number, and the seconds after which no more are begun. */
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
  /** Each returns the outcome. */
  record(callback: Callback): Promise<string | undefined>;
  add(): Promise<string>;
  close(): Promise<void>;
}

const [, , name = '', url = '', secret = ''] = process.argv;

const DAY_SECONDS = 86_400;
const newId = timeOrderedIds();

async function openReceiver(): Promise<Driver> {
  const store = await openPostgresStore({ url, world: systemWorld, log: pino({ level: 'silent' }) });
  return {
    record: async ({ reference, executionId, result }) => {
      const report = { kind: 'completed', statusWord: 'COMPLETED', result, error: null } as const;
      const recorded = await store.record(reference, { type: 'callback', executionId, report }, systemWorld.now());
      return recorded?.outcome;
    },
    add: async () => {
      const now = systemWorld.now();
      const id = newId(now);
      const execution = newExecution(submissionOf(id, DAY_SECONDS), id, now, now + DAY_SECONDS * 1000);
      return (await store.add({ execution, fingerprint: FINGERPRINT, queueCapacity: 10_000_000 })).outcome;
    },
    close: store.close,
  };
}

function openObvious(): Driver {
  const store = openObviousStore(url);
  return {
    record: ({ reference, executionId, result }) =>
      store.record(reference, { executionId, status: 'COMPLETED', result: JSON.stringify(result), error: null }),
    add: async () => {
      const { app, actionId, inputs, context } = submissionOf(newId(systemWorld.now()), DAY_SECONDS);
      await store.submit({ app, actionId, inputs: JSON.stringify(inputs), context: JSON.stringify(context) });
      return 'added';
    },
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

async function drive(driver: Driver, order: DriveOrder): Promise<Driven['driven']> {
  const { kind, file, from, most, seconds, inFlight } = order;
  const chosen = kind === 'callbacks' ? (await callbacksIn(file)).slice(from, from + most) : [];
  const count = kind === 'callbacks' ? chosen.length : most;
  const begun = performance.now();
  let next = 0;
  async function lane(): Promise<void> {
    while (next < count && performance.now() - begun < seconds * 1000) {
      const callback = chosen[next];
      next += 1;
      const outcome = await (callback === undefined ? driver.add() : driver.record(callback));
      if (outcome !== 'resolved' && outcome !== 'added') throw new Error(`${name}: the outcome was ${outcome}`);
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
