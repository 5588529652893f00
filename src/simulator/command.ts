// `npm run simulator`: the simulator alone, on a loopback port, until it is told to stop.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { systemWorld } from '../lib/world.ts';
import { createSimulator } from './app.ts';
import { type CommandLine, readCommandLine, SimulatorUsage } from './flags.ts';
import { greeting } from './greeting.ts';
import { HELP, replayGreeting } from './help.ts';
import type { SimulatorEvent } from './ledger.ts';
import { type Recording, RecordingError, readRecording } from './recording.ts';
import { createReplay, type ReplayEvent } from './replay.ts';

/** Where it writes, and what stops it besides SIGINT and SIGTERM. */
export interface SimulatorProcess {
  readonly write: (text: string) => void;
  readonly stop?: AbortSignal;
}

/**
 * Runs until SIGINT, SIGTERM or the stop signal.
 * @throws {SimulatorUsage} when an option is wrong. @throws when the port cannot be had.
 */
export async function runSimulator(
  args: readonly string[],
  { write, stop }: SimulatorProcess = { write: (text) => process.stdout.write(text) },
): Promise<void> {
  const line = readCommandLine(args);
  const { help, quiet, host, port, options, replay } = line;
  if (help) return write(HELP);
  if (replay !== null) return runReplay(readRecordingAt(replay), line, { write, ...(stop ? { stop } : {}) });
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

async function runReplay(recording: Recording, { quiet, host, port }: CommandLine, { write, stop }: SimulatorProcess) {
  const watch = quiet ? () => {} : (event: ReplayEvent) => write(replayedLineOf(event));
  const replay = createReplay({ recording, world: systemWorld, watch });
  const stopped = nextStop(stop);
  try {
    const { url } = await replay.listen({ host, port });
    write(replayGreeting(url, recording.conversations.length));
    await stopped.promise;
  } finally {
    stopped.forget();
    await replay.close();
  }
}

/** @throws {SimulatorUsage} */
function readRecordingAt(path: string): Recording {
  try {
    return readRecording(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof RecordingError) throw new SimulatorUsage(error.message);
    throw new SimulatorUsage(`--replay: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function replayedLineOf({ type, conversation, answer }: ReplayEvent): string {
  return `${type.padEnd(8)}  ${conversation === null ? '' : `execution ${conversation + 1}  `}${answer}\n`;
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
