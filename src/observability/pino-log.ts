// Writes the log as JSON lines, with secrets redacted.

import { type DestinationStream, pino } from 'pino';
import { onOneLine } from '../lib/lines.ts';
import type { Log } from '../lib/log.ts';
import { createRedact } from '../lib/redaction.ts';
import { isoTime } from '../lib/time.ts';
import { systemWorld } from '../lib/world.ts';

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
