// Rounds of short slices in shuffled order: each contender at each setting once a round, so that disturbances affect all equally.

import { setTimeout as sleep } from 'node:timers/promises';
import { shuffle } from 'simple-statistics';
import type { Load, LoadOutcome, Mode } from './load/client.ts';
import type { Contender, ContenderName } from './servers/contenders.ts';

export interface Setting {
  /** For example 'callbacks/s, 64 kept-alive connections'. */
  readonly name: string;
  readonly mode: Mode;
  /** The share of requests for this setting; the rest is for warming up. */
  readonly share: number;
}

export interface Sample {
  readonly round: number;
  readonly contender: ContenderName;
  readonly setting: Setting;
  readonly perSecond: number;
  /** Duration of the slice: shorter when its requests ran out. */
  readonly seconds: number;
  /** Processor time per request in the server's process. */
  readonly cpuMicroseconds: number;
  /** Mutations per commit; null if the contender does not report it. */
  readonly meanBatch: number | null;
}

export interface Plan {
  readonly contenders: readonly Contender[];
  readonly settings: readonly Setting[];
  readonly rounds: number;
  /** Maximum duration of a slice. */
  readonly seconds: number;
  /** A file from `writeRequests`, and its number of requests. */
  readonly file: string;
  readonly count: number;
  readonly load: Load;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Stops the other processes while one is measured: for contenders with deferred work. */
  readonly alone?: boolean;
}

/** More than any contender handles in a second. */
const MOST_PER_SECOND = 80_000;

/** Maximum duration of warming up, in slices: V8 keeps optimizing for tens of thousands of requests. */
const WARMING_SLICES = 5;

/** Time in milliseconds for a process to recover after SIGCONT. */
const SETTLE_MS = 100;

/**
 * Warms up, measures, and verifies that each contender kept what it acknowledged.
 * @throws Error for any response other than 2xx, for a broken connection, and for missing data.
 */
export async function measureRounds(plan: Plan): Promise<readonly Sample[]> {
  const { contenders, settings, rounds, signal, log } = plan;
  const used = new Map(contenders.map((contender) => [contender, 0]));
  const slices = contenders.flatMap((contender) => settings.map((setting) => ({ contender, setting })));
  const samples: Sample[] = [];

  async function send(contender: Contender, setting: Setting, requests: number, seconds = plan.seconds) {
    signal.throwIfAborted();
    const from = contender.consumes ? (used.get(contender) ?? 0) : 0;
    const own = contender.requests ?? plan;
    const most = contender.consumes ? requests : Math.min(own.count, Math.ceil(MOST_PER_SECOND * plan.seconds));
    const { port, headers } = contender;
    const { mode } = setting;
    const outcome = await plan.load.run({ port, headers, file: own.file, from, most, mode, seconds });
    // promise: bench-resolves-once
    used.set(contender, from + outcome.requests);
    demandAccepted(contender.name, setting.name, outcome);
    return outcome;
  }

  for (const { contender, setting } of shuffle(slices)) {
    const requests = warming(plan, contender);
    await holding(plan, contender, () => send(contender, setting, requests, plan.seconds * WARMING_SLICES));
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const { contender, setting } of shuffle(slices)) {
      const requests = quota(plan, contender, setting);
      const measured = await holding(plan, contender, () =>
        observe(contender, () => send(contender, setting, requests)),
      );
      samples.push({ round, contender: contender.name, setting, ...measured });
    }
    log(`round ${round} of ${rounds}`);
  }
  for (const contender of contenders) await contender.settle(used.get(contender) ?? 0);
  return samples;
}

/** No request may be refused: a server that rejects requests is fast. */
function demandAccepted(who: string, setting: string, { requests, non2xx, others }: LoadOutcome): void {
  if (non2xx === 0) return;
  const found = Object.entries(others).map(([status, count]) => `${count} times ${status}`);
  throw new Error(`${who} at ${setting}: of ${requests} requests ${non2xx} were not answered 2xx: ${found.join(', ')}`);
}

async function observe(contender: Contender, send: () => Promise<LoadOutcome>) {
  const before = await contender.commits();
  const began = await contender.cpuMicroseconds();
  const { requests, seconds } = await send();
  const spent = (await contender.cpuMicroseconds()) - began;
  const after = await contender.commits();
  const commits = before === null || after === null ? 0 : after.commits - before.commits;
  const mutations = before === null || after === null ? 0 : after.mutations - before.mutations;
  return {
    ...{ perSecond: requests / seconds, seconds, cpuMicroseconds: spent / requests },
    meanBatch: commits > 0 ? mutations / commits : null,
  };
}

async function holding<T>({ contenders, alone = false }: Plan, one: Contender, work: () => Promise<T>): Promise<T> {
  if (!alone) return work();
  const others = contenders.filter((contender) => contender !== one);
  for (const other of others) other.signal('SIGSTOP');
  try {
    await sleep(SETTLE_MS);
    return await work();
  } finally {
    for (const other of others) other.signal('SIGCONT');
  }
}

function countFor(plan: Plan, contender: Contender): number {
  return (contender.requests ?? plan).count;
}

function quota(plan: Plan, contender: Contender, { share }: Setting): number {
  return Math.max(1, Math.floor((countFor(plan, contender) * share) / plan.rounds));
}

/** The requests that the settings leave over, in equal parts. */
function warming(plan: Plan, contender: Contender): number {
  const left = 1 - plan.settings.reduce((sum, { share }) => sum + share, 0);
  return Math.max(1, Math.floor((countFor(plan, contender) * left) / plan.settings.length));
}
