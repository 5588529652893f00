// Runs the `simulator` command: the simulator or a replay, on a loopback port, until a stop signal.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { systemWorld } from '../lib/world.ts';
import { createSimulator } from './app.ts';
import { greeting, replayGreeting } from './help.ts';
import type { SimulatorEvent } from './ledger.ts';
import type { SimulatorOptions } from './options.ts';
import { type Recording, RecordingError, readRecording } from './recording.ts';
import { createReplay, type ReplayEvent } from './replay.ts';

/** The settings of the command. */
export interface SimulatorSettings {
  readonly host: string;
  readonly port: number;
  /** Prints no line per request and callback. */
  readonly quiet: boolean;
  /** The path of a recording to replay, or null. */
  readonly replay: string | null;
  /** Time after which the API moves to a second port; null: never. */
  readonly moveAfterMs: number | null;
  readonly options: Partial<SimulatorOptions>;
}

export interface SimulatorProcess {
  readonly write: (text: string) => void;
  readonly stop: AbortSignal;
}

/** Runs until the stop signal. @throws {RecordingError} @throws if it cannot listen. */
export async function runSimulator(settings: SimulatorSettings, { write, stop }: SimulatorProcess): Promise<void> {
  const { quiet, host, port, options, replay, moveAfterMs } = settings;
  if (replay !== null) return runReplay(readRecordingAt(replay), settings, { write, stop });
  const simulator = createSimulator({ ...options, ...(quiet ? {} : { watch: (event) => write(lineOf(event)) }) });
  try {
    const { url } = await simulator.listen({ host, port });
    write(greeting(url, options));
    if (moveAfterMs !== null) {
      const { url: to } = await simulator.listen({ host, port: 0 });
      write(`The API moves to ${to} in ${moveAfterMs} ms.\n`);
      void systemWorld.sleep(moveAfterMs, stop).then(() => simulator.move({ to, answer: 404 }));
    }
    await untilAborted(stop);
  } finally {
    await simulator.close();
  }
}

async function runReplay(
  recording: Recording,
  { quiet, host, port }: SimulatorSettings,
  { write, stop }: SimulatorProcess,
) {
  const watch = quiet ? () => {} : (event: ReplayEvent) => write(replayedLineOf(event));
  const replay = createReplay({ recording, world: systemWorld, watch });
  try {
    const { url } = await replay.listen({ host, port });
    write(replayGreeting(url, recording.conversations.length));
    await untilAborted(stop);
  } finally {
    await replay.close();
  }
}

/** @throws {RecordingError} */
function readRecordingAt(path: string): Recording {
  try {
    return readRecording(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError(`--replay: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function replayedLineOf({ type, conversation, response }: ReplayEvent): string {
  return `${type.padEnd(8)}  ${conversation === null ? '' : `execution ${conversation + 1}  `}${response}\n`;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function lineOf({ type, correlationId, fate, response }: SimulatorEvent): string {
  return `${[type.padEnd(8), correlationId ?? '', fate ?? '', response].filter((part) => part !== '').join('  ')}\n`;
}
