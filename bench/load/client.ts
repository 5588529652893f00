// Starts the load generator, a separate process on its own processor, and makes it send.
//
//   const load = await startLoad({ scratch, place: 'load' });
//   await writeRequests(file, callbacksFor(databasePath, secret));                       // load/requests.ts
//   const outcome = await load.run({ port, file, from: 0, most: 5_000, mode: { kind: 'open', perSecond: 2_000, connections: 64 }, seconds: 1 });
//   await load.stop();
//
// `outcome.latencies` holds one latency per response in milliseconds. `from` of the next run is `from + outcome.requests`, so that
// no execution is called back twice. It spins while it measures: a sleeping client makes the server's writes more expensive.

import { join } from 'node:path';
import { type Place, startProcess } from '../process.ts';

export type Mode =
  /** Closed loop: this many kept-alive connections, each sending again as soon as it has a response. */
  | { readonly kind: 'kept'; readonly connections: number }
  /** Closed loop: this many requests in flight, each on a new connection: connect, send, read, close. */
  | { readonly kind: 'fresh'; readonly inFlight: number }
  /** Open loop: requests at intended times, regardless of responses, over at most this many kept-alive connections. */
  | { readonly kind: 'open'; readonly perSecond: number; readonly connections: number };

export interface LoadOrder {
  /** Port on 127.0.0.1; of several, each connection has the next one. */
  readonly port: number | readonly number[];
  /** A file from `writeRequests`. */
  readonly file: string;
  /** The first request of the file to send, and the maximum number of requests. */
  readonly from: number;
  readonly most: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mode: Mode;
  /** Sending stops after these seconds or after `most` requests. Requests in flight are awaited and count. */
  readonly seconds: number;
}

export interface LoadOutcome {
  /** Requests with a response of any status: all that were sent. */
  readonly requests: number;
  readonly non2xx: number;
  /** Responses other than 2xx, by status. */
  readonly others: Readonly<Record<string, number>>;
  /** From the first request to the last response. */
  readonly seconds: number;
  /** In milliseconds, in the order of responses: from before sending ('fresh': before connecting; 'open': from the intended time). */
  readonly latencies: Float64Array;
}

export type LoadReply = { readonly load: 'done'; readonly outcome: LoadOutcome } | { load: 'failed'; reason: string };

export interface Load {
  /** One run at a time. @throws Error when a connection breaks, or a response is unreadable or missing. */
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
