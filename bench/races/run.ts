// Runs the races of one contestant one after the other, each within a time limit.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Contestant, type Ground, type Outcome, RACE_NAMES, type RaceName, type Report } from './races.ts';

/** Maximum duration of a race. The longest waits for deadlines and restarts. */
const RACE_MS = 600_000;

export interface Settings extends Ground {
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * @throws Unavailable when the contestant cannot run here.
 * @throws AggregateError with the races that failed: nothing is reported then.
 */
export async function run(contestant: Contestant, { log, signal, ...ground }: Settings): Promise<Report> {
  const at = new Date().toISOString();
  const { versions, races, stop } = await contestant.start(ground);
  log(versions);
  const outcomes: Partial<Record<RaceName, Outcome>> = {};
  const failures: Error[] = [];
  try {
    for (const name of RACE_NAMES) {
      try {
        outcomes[name] = await limited(races[name](), signal);
        log(`${name}: ${JSON.stringify(outcomes[name])}`);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(new Error(`${contestant.name}, ${name}: ${messageOf(error)}`, { cause: error }));
      }
    }
  } finally {
    await stop();
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
  return {
    name: contestant.name,
    versions,
    at,
    mapping: contestant.mapping,
    races: outcomes as Record<RaceName, Outcome>,
  };
}

async function limited<T>(race: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const limit = sleep(RACE_MS, undefined, { signal: AbortSignal.any([over.signal, signal]) }).then(() => {
    throw new Error(`did not end within ${RACE_MS / 1000} s`);
  });
  return Promise.race([race, limit]).finally(() => over.abort());
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Repeats a look until it finds something, for at most five minutes. @throws Error that names what was not found. */
export async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const late = Date.now() + 300_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > late) throw new Error(`not found within 300 s: ${what}`);
    await sleep(100);
  }
}
