// `npm run simulator`: the simulator alone, on a loopback port, until it is told to stop.

import { once } from 'node:events';
import { createSimulator } from './app.ts';
import { readCommandLine } from './flags.ts';
import { greeting, HELP } from './help.ts';
import type { SimulatorEvent } from './ledger.ts';

/** Where it writes, and what stops it besides SIGINT and SIGTERM. */
export interface Surroundings {
  readonly write: (text: string) => void;
  readonly stop?: AbortSignal;
}

/**
 * Runs until SIGINT, SIGTERM or the stop signal.
 * @throws {SimulatorUsage} when an option is wrong. @throws when the port cannot be had.
 */
export async function runSimulator(
  args: readonly string[],
  { write, stop }: Surroundings = { write: (text) => process.stdout.write(text) },
): Promise<void> {
  const { help, quiet, host, port, options } = readCommandLine(args);
  if (help) return write(HELP);
  await using simulator = createSimulator({ ...options, ...(quiet ? {} : { watch: (event) => write(lineOf(event)) }) });
  const stopped = nextStop(stop);
  try {
    const { url } = await simulator.listen({ host, port });
    write(greeting(url, options));
    await stopped.promise;
  } finally {
    stopped.forget();
  }
}

function nextStop(signal: AbortSignal | undefined): { promise: Promise<unknown>; forget: () => void } {
  const over = new AbortController();
  const heard = { signal: over.signal };
  const waits = [once(process, 'SIGINT', heard), once(process, 'SIGTERM', heard)];
  if (signal !== undefined && !signal.aborted) waits.push(once(signal, 'abort', heard));
  const promise = signal?.aborted ? Promise.resolve() : Promise.race(waits);
  for (const wait of waits) wait.catch(() => {});
  return { promise, forget: () => over.abort() };
}

function lineOf({ type, correlationId, fate, answer }: SimulatorEvent): string {
  return `${[type.padEnd(8), correlationId ?? '', fate ?? '', answer].filter((part) => part !== '').join('  ')}\n`;
}
