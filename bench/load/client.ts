// Starts the load generator, a process of its own on a processor of its own, and has it send.
//
//   const load = await startLoad({ scratch, place: 'load' });
//   await writeRequests(file, callbacksFor(databasePath, secret));                       // load/requests.ts
//   const outcome = await load.run({ port, file, from: 0, most: 5_000, mode: { kind: 'open', perSecond: 2_000, connections: 64 }, seconds: 1 });
//   await load.stop();
//
// `outcome.latencies` holds one latency per answer in milliseconds; `from` of the next run is `from + outcome.requests`, so that
// no execution is called back twice. It spins while it measures: one that sleeps makes the server's own writes dearer.

import { join } from 'node:path';
import { type Place, startProcess } from '../process.ts';

export type Mode =
  /** Closed loop: so many connections, each kept alive and sending again as soon as it is answered. */
  | { readonly kind: 'kept'; readonly connections: number }
  /** Closed loop: so many requests in flight, each on a connection of its own: connect, send, read, close. */
  | { readonly kind: 'fresh'; readonly inFlight: number }
  /** Open loop: requests at intended times, whatever the answers do, over so many kept connections at most. */
  | { readonly kind: 'open'; readonly perSecond: number; readonly connections: number };

export interface LoadOrder {
  /** On 127.0.0.1. */
  readonly port: number;
  /** As `writeRequests` wrote it. */
  readonly file: string;
  /** The first request of the file that is sent, and how many are at most. */
  readonly from: number;
  readonly most: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mode: Mode;
  /** When these are over, or `most` is sent, nothing more is; what is in flight is waited for, and counts. */
  readonly seconds: number;
}

export interface LoadOutcome {
  /** Answered, whatever the status: all that was sent. */
  readonly requests: number;
  readonly non2xx: number;
  /** By status, other than 2xx. */
  readonly others: Readonly<Record<string, number>>;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** In milliseconds, in the order of the answers: from before sending (with 'fresh', before connecting; with 'open', from the intended time). */
  readonly latencies: Float64Array;
}

export type LoadReply = { readonly load: 'done'; readonly outcome: LoadOutcome } | { load: 'failed'; reason: string };

export interface Load {
  /** One at a time. @throws Error when a connection breaks, an answer cannot be read or none comes. */
  run(order: LoadOrder): Promise<LoadOutcome>;
  cpuMicroseconds(): Promise<number>;
  stop(): Promise<void>;
}

export async function startLoad({ scratch, place }: { scratch: string; place: Place }): Promise<Load> {
  const file = new URL('generator.ts', import.meta.url).pathname;
  const child = startProcess({ file, place, logFile: join(scratch, 'load.log') });
  await child.message((said): said is object => 'load' in said && said.load === 'ready');
  return {
    run: async (order) => {
      const reply = child.message(isReply);
      child.send(order);
      const said = await reply;
      if (said.load === 'failed') throw new Error(`the load generator: ${said.reason}`);
      return said.outcome;
    },
    cpuMicroseconds: child.cpuMicroseconds,
    stop: child.stop,
  };
}

function isReply(said: object): said is LoadReply {
  return 'load' in said && (said.load === 'done' || said.load === 'failed');
}
