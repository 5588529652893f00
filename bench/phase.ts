// A phase of the bench: contenders on copies of one prepared database, a simulated CXone, and the load generator that sends to them.

import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Load, startLoad } from './load/client.ts';
import { callbacksFor, submissions, writeRequests } from './load/requests.ts';
import type { Settings } from './measure.ts';
import { preparedIn } from './prepared.ts';
import type { Place } from './process.ts';
import { measureRounds, type Sample, type Setting } from './rounds.ts';
import type { Contender, Ground } from './servers/contenders.ts';
import { SECRET } from './servers/receiver.ts';
import { startUpstream } from './servers/upstream.ts';

export interface Phase {
  readonly place: Place;
  /** The number of submissions; null for callbacks. */
  readonly submissions: number | null;
  readonly open: number;
  readonly contenders: (ground: Ground, upstream: string) => Promise<readonly Contender[]>;
}

export interface StartedPhase {
  /** A folder on the measured disk. */
  readonly scratch: string;
  readonly contenders: readonly Contender[];
  readonly load: Load;
  /** A file from `writeRequests`, and its number of requests. */
  readonly file: string;
  readonly count: number;
}

/** Starts everything at once, in a separate folder, calls `work`, and removes all of it, however the work ends. */
export async function withPhase<T>(
  settings: Settings,
  phase: Phase,
  work: (started: StartedPhase) => Promise<T>,
): Promise<T> {
  const { signal } = settings;
  const { place, open } = phase;
  await mkdir(settings.scratch, { recursive: true });
  const prepared = await preparedIn(settings.scratch, { open }, signal);
  const scratch = await mkdtemp(join(settings.scratch, 'phase-'));
  // Accessible for PostgreSQL's user, as the folder above.
  await chmod(scratch, 0o711);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));
  const stopping = <C extends { stop(): Promise<void> }>(one: C): C => {
    stack.defer(() => one.stop());
    return one;
  };

  const file = join(scratch, 'requests');
  const requests = phase.submissions === null ? callbacksFor(prepared.path, SECRET) : submissions(phase.submissions);
  const count = await writeRequests(file, requests);
  // The simulated CXone shares the processor of the load generator.
  const outside: Place = place === null ? null : 'load';
  const upstream = stopping(await startUpstream({ scratch, place: outside }));
  const load = stopping(await startLoad({ scratch, place: outside }));
  const contenders = (await phase.contenders({ scratch, prepared, place, signal }, upstream.url)).map(stopping);
  // Requests in flight are not awaited when everything stops.
  const end = () => void load.stop();
  signal.addEventListener('abort', end);
  stack.defer(() => signal.removeEventListener('abort', end));
  signal.throwIfAborted();
  return await work({ scratch, contenders, load, file, count });
}

export interface MeasuredPhase {
  readonly name: string;
  readonly place: Place;
  readonly settings: readonly Setting[];
  readonly submits?: boolean;
  readonly contenders: Phase['contenders'];
}

interface Size {
  readonly open: number;
  readonly submissions: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Measures rounds of slices of the phase. */
export function measurePhase(settings: Settings, size: Size, phase: MeasuredPhase): Promise<readonly Sample[]> {
  const { log, signal } = settings;
  const { open, rounds, seconds } = size;
  const { place, contenders, submits = false } = phase;
  log(`${phase.name}: ${open} open executions, ${rounds} rounds of slices of ${seconds} s`);
  const submissions = submits ? size.submissions : null;
  return withPhase(settings, { place, open, submissions, contenders }, (started) =>
    measureRounds({ ...started, settings: phase.settings, rounds, seconds, signal, log, alone: submits }),
  );
}
