// `npm run bench`: takes the measures one after another, prints each row when it is known, and the whole table at the end.

import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CheckedOut, checkOut, findRevision, presentBuild, UnusableRevision } from './against/revision.ts';
import { type Machine, machineOf } from './machine.ts';
import type { Measure, Row } from './measure.ts';
import { areWhole, ON_REQUEST, resultsOf, writeResults } from './publications.ts';
import { Interrupted, onInterrupt, scratchIn } from './session.ts';
import { header, line, table } from './table.ts';

const HELP = `Usage: npm run bench -- [options]

Measures the receiver against a bare Hono handler and against alternative builds, all on loopback. The claims are the
ratios; absolute values describe this machine. It takes about 35 minutes. Keep the machine otherwise idle.

  --quick              fewer and shorter rounds: under five minutes, less reliable
  --only NAME,NAME     some of NAMES;
                       REQUESTED only run when they are named
  --against REV        measures the present build beside the build of a commit, in the same rounds; each row is a ratio to it.
                       Measures: COMPARED
  --minutes N          with --against: minutes under load before the resident memory is read (default: 10, with --quick 1)
  --out DIR            folder of the results and charts, on the measured disk (default: data/bench)
  --publish            also updates those of bench/, and docs/benchmarks.md; with --only, for postgres alone or for all others
  --help

Exit code: 0 measured, whatever the verdicts; 1 a measure failed; 2 the command line is wrong; 130 interrupted.
`;

function help(): string {
  return HELP.replace('NAMES', NAMES.join(', '))
    .replace('REQUESTED', ON_REQUEST.join(' and '))
    .replace('COMPARED', COMPARED.join(', '));
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const MEASURES: Readonly<Record<string, () => Promise<Measure>>> = {
  throughput: async () => (await import('./throughput.ts')).throughput,
  latency: async () => (await import('./latency.ts')).measureLatency,
  readers: async () => (await import('./readers.ts')).readers,
  bodies: async () => (await import('./bodies.ts')).bodies,
  detection: async () => (await import('./detection.ts')).measureDetection,
  requests: async () => (await import('./requests.ts')).measureRequests,
  outage: async () => (await import('./outage.ts')).measureOutage,
  sweeper: async () => (await import('./sweeper.ts')).sweeper,
  memory: async () => (await import('./memory.ts')).memory,
  restart: async () => (await import('./restart.ts')).restart,
  insights: async () => (await import('./insights.ts')).insights,
  pages: async () => (await import('./pages.ts')).pages,
  postgres: async () => (await import('./postgres/measure.ts')).postgres,
  snapshot: async () => (await import('./growth/snapshot.ts')).snapshot,
  growth: async () => (await import('./growth/growth.ts')).growth,
};
const NAMES = Object.keys(MEASURES);

interface Against {
  readonly revision: CheckedOut;
  /** Duration of the load before the resident memory is read. */
  readonly minutes: number;
}

/** The measures of `--against`: the others run in virtual time. */
const COMPARISONS: Readonly<Record<string, (against: Against) => Promise<Measure>>> = {
  throughput: async ({ revision }) => (await import('./against/compare.ts')).throughputBeside(revision),
  latency: async ({ revision }) => (await import('./against/compare.ts')).latencyBeside(revision),
  size: async ({ revision }) => (await import('./against/size.ts')).sizeBeside(revision),
  resident: async ({ revision, minutes }) => (await import('./against/resident.ts')).residentBeside(revision, minutes),
  restart: async ({ revision }) => (await import('./against/scale.ts')).restartBeside(revision),
  memory: async ({ revision }) => (await import('./against/scale.ts')).memoryBeside(revision),
  sweeper: async ({ revision }) => (await import('./against/scale.ts')).sweeperBeside(revision),
};
const COMPARED = Object.keys(COMPARISONS);

interface CommandLine {
  readonly quick: boolean;
  readonly publish: boolean;
  readonly help: boolean;
  readonly out: string;
  /** Null: without another revision. */
  readonly against: string | null;
  readonly minutes: number;
  readonly names: readonly string[];
}

/** An invalid command line, with the remedy. */
class Usage extends Error {
  override readonly name = 'Usage';
}

function readCommandLine(args: readonly string[]): CommandLine {
  const { quick, publish, help, out, only, against = null, minutes } = parsed(args);
  const choice: readonly string[] = against === null ? NAMES : COMPARED;
  const whole = choice.filter((name) => !ON_REQUEST.includes(name));
  const names = only === undefined ? whole : only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !choice.includes(name));
  if (unknown.length > 0) {
    const where = against === null ? '' : ' with --against';
    throw new Usage(`--only: there is no ${unknown.join(', ')}${where}; choose from ${choice.join(', ')}`);
  }
  if (publish && against !== null)
    throw new Usage('--publish: not with --against, whose rows are not those of the page');
  if (publish && quick) throw new Usage('--publish: not with --quick, whose results are not reliable enough');
  if (publish && !areWhole(names, NAMES))
    throw new Usage(
      '--publish: with --only postgres, with --only snapshot,growth, with all others or with all, so that no row of the page is lost',
    );
  const loadMinutes = minutesOf(minutes, quick);
  if (minutes !== undefined && against === null) throw new Usage('--minutes: only with --against');
  return { quick, publish, help, out: resolve(out), against, names, minutes: loadMinutes };
}

const MAX_MINUTES = 24 * 60;

function minutesOf(text: string | undefined, quick: boolean): number {
  if (text === undefined) return quick ? 1 : 10;
  const minutes = Number(text);
  if (minutes > 0 && minutes <= MAX_MINUTES) return minutes;
  throw new Usage(`--minutes: must be a number of minutes over 0, at most ${MAX_MINUTES}`);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        out: { type: 'string', default: 'data/bench' },
        against: { type: 'string' },
        minutes: { type: 'string' },
        publish: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

interface Taken {
  /** By the name of the measure. */
  readonly rows: ReadonlyMap<string, readonly Row[]>;
  readonly failed: readonly string[];
}

/** A failing measure does not prevent the following ones. */
async function take(
  { names, quick, minutes }: CommandLine,
  revision: CheckedOut | null,
  scratch: string,
  signal: AbortSignal,
): Promise<Taken> {
  const rows = new Map<string, readonly Row[]>();
  const failed: string[] = [];
  for (const name of names) {
    const log = (text: string) => print(`  ${name}: ${text}`);
    try {
      const measure = await (revision === null ? MEASURES[name]?.() : COMPARISONS[name]?.({ revision, minutes }));
      const found = (await measure?.({ quick, log, scratch, signal })) ?? [];
      rows.set(name, found);
      for (const row of found) print(line(row));
    } catch (error) {
      if (signal.aborted) break;
      failed.push(name);
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  return { rows, failed };
}

/** What is compared: the builds, in the report. */
interface Builds {
  readonly present: string;
  readonly against: string;
}

async function write(
  { out, publish }: Pick<CommandLine, 'out' | 'publish'>,
  machine: Machine,
  builds: Builds | null,
  rows: Taken['rows'],
): Promise<void> {
  if (builds === null) {
    for (const path of await writeResults({ machine, rows }, { out, publish })) print(path);
    return;
  }
  const json = join(out, 'against.json');
  await writeFile(json, resultsOf({ machine, ...builds }, [...rows.values()].flat()));
  print(json);
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = readCommandLine(args);
  if (wanted.help) {
    print(help());
    return 0;
  }
  const found = wanted.against === null ? null : findRevision(ROOT, wanted.against);
  const builds = found && { present: presentBuild(ROOT), against: found.name };
  const signal = onInterrupt();
  const scratch = scratchIn(wanted.out);
  const machine = machineOf(scratch, wanted.quick);
  const title = `${header(machine)}${builds === null ? '' : `\n${builds.present} beside ${builds.against}`}`;
  print(title);
  using revision = found && (await checkOut(ROOT, found, signal));
  const { rows, failed } = await take(wanted, revision, scratch, signal);
  signal.throwIfAborted();
  const { isTTY: isTerminal = false, columns = 160 } = process.stdout;
  print(`\n${title}\n${table([...rows.values()].flat(), { isTerminal, columns })}`);
  // Only complete results are published.
  await write({ ...wanted, publish: wanted.publish && failed.length === 0 }, machine, builds, rows);
  if (failed.length > 0) process.stderr.write(`failed: ${failed.join(', ')}\n`);
  return failed.length > 0 ? 1 : 0;
}

/** Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof Interrupted) return 130;
  if (!(error instanceof Usage) && !(error instanceof UnusableRevision)) throw error;
  process.stderr.write(error instanceof Usage ? `${error.message}\n\n${help()}` : `${error.message}\n`);
  return 2;
}

process.exit(await main(process.argv.slice(2)).catch(report));
