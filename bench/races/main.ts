// `npm run bench:races`: runs the twelve races on the receiver and its peers, and prints what each side saw.

import { mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Interrupted, onInterrupt, replaceResults, scratchIn } from '../session.ts';
import { CONTESTANTS } from './contestants.ts';
import { markdown } from './page.ts';
import { type Report, Unavailable } from './races.ts';
import { run } from './run.ts';

const HELP = `Usage: npm run bench:races -- [options]

Runs twelve races of completions on the receiver and on other software, all on loopback, and prints for each the response to
the sender, the result for the waiter, and what an operator sees. It takes about five minutes. Other software comes from the
npm registry, in fixed versions and into a temporary folder; PostgreSQL and Redis must be installed.

  --only NAME,NAME   some of NAMES
  --packages DIR     keep the packages in this folder for the next run (default: a temporary folder)
  --out DIR          folder of races.json (default: data/races)
  --publish          also updates bench/races/results.json and docs/comparison.md, for those that ran
  --help

Exit code: 0 all ran; 1 one failed or lacks what it needs; 2 the command line is wrong; 130 interrupted.
`;

const PUBLISHED = fileURLToPath(new URL('results.json', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/comparison.md', import.meta.url));

/** An invalid command line, with the remedy. */
class Usage extends Error {
  override readonly name = 'Usage';
}

const print = (text: string) => void process.stdout.write(`${text}\n`);
const complain = (text: string) => void process.stderr.write(`${text}\n`);
const help = () => HELP.replace('NAMES', CONTESTANTS.map(({ name }) => name).join(', '));

function readCommandLine(args: readonly string[]) {
  const { only, out, packages, publish, help: asked } = parsed(args);
  const wanted = only?.split(',').map((name) => name.trim());
  const unknown = wanted?.filter((name) => CONTESTANTS.every((contestant) => contestant.name !== name)) ?? [];
  if (unknown.length > 0) throw new Usage(`--only: there is no ${unknown.join(', ')}`);
  const contestants = CONTESTANTS.filter(({ name }) => wanted?.includes(name) ?? true);
  return {
    contestants,
    publish,
    asked,
    out: resolve(out),
    packages: packages === undefined ? null : resolve(packages),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        packages: { type: 'string' },
        out: { type: 'string', default: 'data/races' },
        publish: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

/** The published reports with the new ones in their places. */
function merged(reports: readonly Report[]): Report[] {
  const published: Report[] = JSON.parse(readFileSync(PUBLISHED, 'utf8'));
  return CONTESTANTS.flatMap(({ name }) => {
    const isIts = (report: Report) => report.name === name;
    const report = reports.find(isIts) ?? published.find(isIts);
    return report === undefined ? [] : [report];
  });
}

async function main(args: readonly string[]): Promise<number> {
  const { contestants, asked, ...settings } = readCommandLine(args);
  if (asked) {
    print(help());
    return 0;
  }
  const signal = onInterrupt();
  const scratch = scratchIn(settings.out);
  const reports: Report[] = [];
  for (const contestant of contestants) {
    const log = (line: string) => print(`${contestant.name}: ${line}`);
    const folder = (parent: string) => {
      const path = join(parent, contestant.name.replaceAll(/\W+/g, '-'));
      mkdirSync(path, { recursive: true, mode: 0o711 });
      return path;
    };
    const ground = {
      scratch: folder(join(scratch, 'data')),
      packages: folder(settings.packages ?? join(scratch, 'npm')),
    };
    try {
      reports.push(await run(contestant, { ...ground, log, signal }));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Unavailable || error instanceof AggregateError)) throw error;
      complain(`${contestant.name} is left out: ${error.message}`);
    }
  }
  print(`\n${markdown(reports)}\n`);
  const file = join(settings.out, 'races.json');
  await writeFile(file, `${JSON.stringify(reports, null, 2)}\n`);
  print(file);
  if (settings.publish) {
    const all = merged(reports);
    await writeFile(PUBLISHED, `${JSON.stringify(all, null, 2)}\n`);
    await replaceResults(PAGE, 'races', markdown(all));
  }
  return reports.length < contestants.length ? 1 : 0;
}

/** Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof Interrupted) return 130;
  if (!(error instanceof Usage)) throw error;
  complain(`${error.message}\n\n${help()}`);
  return 2;
}

process.exit(await main(process.argv.slice(2)).catch(report));
