// Measures questions about the past, and the search for an executionId, with 40,000 executions and with 4,000,000 in turn.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { systemWorld } from '../src/lib/world.ts';
import { healthIn } from '../src/stats/callback-health/health.ts';
import { summarizePeriod } from '../src/stats/summarize-period.ts';
import { adviseAll } from '../src/stats/timing-advice/advise.ts';
import { createExecutionList } from '../src/store/sqlite/executions/list.ts';
import { createObservations } from '../src/store/sqlite/queries/observations.ts';
import { createStatistics } from '../src/store/sqlite/queries/statistics.ts';
import { createRollupReader } from '../src/store/sqlite/rollups/read.ts';
import { type Measure, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { executionIdOf, PAST_MS, writePast } from './past.ts';

export interface InsightSizes {
  readonly few: number;
  readonly many: number;
  readonly rounds: number;
}

const FULL: InsightSizes = { few: 40_000, many: 4_000_000, rounds: 9 };
const QUICK: InsightSizes = { few: 40_000, many: 200_000, rounds: 5 };

/** The same costs, with an allowance for larger counts and colder pages. */
const AT_MOST_TIMES = 1.5;
const AT_MOST_MS = 300;
/** The ratio of shorter durations is that of a few page reads. */
const SHORT_MS = 20;

export const insights: Measure = (settings) => measureInsights(settings, settings.quick ? QUICK : FULL);

interface Subject {
  readonly client: Database.Database;
  readonly executions: number;
  readonly until: number;
}

/** Returns something whose absence shows that the question was not answered. */
type Question = (subject: Subject) => Promise<unknown>;

const nothingElse = async () => {};
const NEVER = new AbortController().signal;

const QUESTIONS: Readonly<Record<string, Question>> = {
  'stats of 7 days': async ({ client, until }) => {
    const store = { ...createStatistics(client), ...createRollupReader(client) };
    const hour = Math.floor(until / 3_600_000) * 3_600_000;
    const summary = await summarizePeriod({ store, pause: nothingElse }, { from: hour - PAST_MS, to: hour });
    return summary.read().total.latencyMs.p99;
  },
  health: async ({ client, until }) => {
    const { hours, isComplete } = await healthIn(createRollupReader(client), { from: until - 86_400_000, to: until });
    return isComplete && hours[0];
  },
  advise: async ({ client, until }) => {
    const store = { ...createObservations(client), ...createRollupReader(client) };
    const sources = { store, intervalMs: 2_000, random: systemWorld.random, pause: nothingElse };
    const [advice] = await adviseAll(sources, { from: until - PAST_MS, to: until });
    return advice?.advised;
  },
  'an executionId': async ({ client, executions }) => {
    const { list } = createExecutionList(client);
    const query = { app: null, limit: 50, executionId: executionIdOf(Math.floor(executions / 3)) };
    return (await list(query, NEVER)).rows[0];
  },
};

/** @throws Error when a question is not answered. */
export async function measureInsights(settings: Settings, sizes: InsightSizes): Promise<readonly Row[]> {
  const { scratch, log, signal } = settings;
  const until = Date.now();
  const paths = [join(scratch, 'insights-few.db'), join(scratch, 'insights-many.db')] as const;
  const clients: Database.Database[] = [];
  try {
    const subjects: Subject[] = [];
    for (const [index, executions] of [sizes.few, sizes.many].entries()) {
      log(`writing ${executions.toLocaleString('en')} executions`);
      const path = paths[index] ?? '';
      await writePast(path, executions, until, signal);
      const client = new Database(path, { readonly: true });
      clients.push(client);
      subjects.push({ client, executions, until });
    }
    const [few, many] = subjects as [Subject, Subject];
    const rows: Row[] = [];
    for (const [name, ask] of Object.entries(QUESTIONS)) {
      const rounds: { ours: number; theirs: number }[] = [];
      for (let round = 0; round < sizes.rounds; round += 1) {
        signal.throwIfAborted();
        rounds.push({ theirs: await timed(name, ask, few), ours: await timed(name, ask, many) });
      }
      rows.push(...rowsOf(name, sizes, rounds));
    }
    return rows;
  } finally {
    for (const client of clients) client.close();
    for (const path of paths) {
      for (const end of ['', '-wal', '-shm', '.lock', '.lock-journal']) await rm(`${path}${end}`, { force: true });
    }
  }
}

async function timed(name: string, ask: Question, subject: Subject): Promise<number> {
  const begun = performance.now();
  const answer = await ask(subject);
  if (!answer) throw new Error(`${name}: no answer with ${subject.executions} executions`);
  return performance.now() - begun;
}

function rowsOf(name: string, { few, many }: InsightSizes, rounds: readonly { ours: number; theirs: number }[]): Row[] {
  const [small, large] = [few.toLocaleString('en'), many.toLocaleString('en')];
  const measure = `${name}, ${large} executions`;
  const ours = spreadOf(rounds.map((round) => round.ours));
  const theirs = spreadOf(rounds.map((round) => round.theirs));
  return [
    {
      ...{ measure, beside: `with ${small}`, goal: { atMost: AT_MOST_TIMES }, value: ratioOf(rounds), unit: 'times' },
      ...(theirs.median < SHORT_MS ? { goal: null, note: 'too short for a claim on the ratio' } : {}),
      context: { [`ms with ${small}`]: theirs.median },
    },
    { measure, beside: null, goal: { atMost: AT_MOST_MS }, value: ours, unit: 'ms' },
  ];
}
