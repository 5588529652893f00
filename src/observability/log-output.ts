// Writes log lines to a stream whose reader may be stuck or gone: the process loses lines, never its responsiveness or its exit.

import { type DestinationStream, pino } from 'pino';
import { onOneLine } from '../lib/lines.ts';
import type { Log } from '../lib/log.ts';
import { createRedact } from '../lib/redaction.ts';
import { isoTime } from '../lib/time.ts';
import { systemWorld } from '../lib/world.ts';

/** Lines that wait for a slow reader, in UTF-16 code units. Further lines are dropped and counted. */
const MAX_BUFFERED = 4 * 1024 * 1024;

/** What is used of a writable stream. A file of a real process fails one write and takes the next. */
export interface LineStream {
  /** What was written and not yet handed on, in UTF-16 code units or bytes. */
  readonly writableLength: number;
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** `onLost` is called with the number of lines that were dropped, as soon as the stream has taken lines again. */
export function createLogOutput(stream: LineStream, onLost: (lines: number) => void) {
  let waiting: string[] = [];
  let waitingLength = 0;
  let isScheduled = false;
  let lost = 0;

  // Errors are counted where the line is written. Without a listener the first one would end the process.
  stream.on('error', () => {});

  function write(line: string): void {
    // promise: log-never-blocks
    if (stream.writableLength + waitingLength > MAX_BUFFERED) {
      lost += 1;
      return;
    }
    waiting.push(line);
    waitingLength += line.length;
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    isScheduled = false;
    const lines = waiting;
    waiting = [];
    waitingLength = 0;
    if (lines.length === 0) return;
    // A reader that has exited fails each write; a full disk fails until space returns.
    stream.write(lines.join(''), (error) => {
      if (error) lost += lines.length;
      else reportLoss();
    });
  }

  function reportLoss(): void {
    if (lost === 0) return;
    const lines = lost;
    lost = 0;
    onLost(lines);
  }

  return {
    /** Writes a line at the end of this turn of the event loop. Never throws and never blocks on a pipe. */
    write,
    /** Hands the waiting lines to the stream at once, for the moment before the process exits. */
    flush,
    /** Resolves when every line is written or can no longer be. */
    drained: (): Promise<void> => {
      flush();
      return new Promise((resolve) => {
        stream.write('', () => resolve());
      });
    },
  };
}

/** Writes to `destination`. pino's own destinations are not used: at exit they retry a broken pipe without end. */
export function createJsonLog(level: string, secrets: readonly string[], destination: DestinationStream): Log {
  const redact = createRedact(secrets);
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${isoTime(systemWorld.now())}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // promise: log-has-no-secrets
    hooks: { streamWrite: (line: string) => onOneLine(redact(line)) },
  };
  const sink = pino(options, destination);
  return {
    debug: (facts, message) => {
      if (sink.isLevelEnabled('debug')) sink.debug(facts(), message);
    },
    info: (facts, message) => sink.info(facts, message),
    warn: (facts, message) => sink.warn(facts, message),
    error: (facts, message) => sink.error(facts, message),
  };
}
