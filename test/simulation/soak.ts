// npm run test:soak -- [--seeds N | --minutes M] [--from SEED]: runs a number of histories, or one with SEED=… in the environment.

import { parseArgs } from 'node:util';
import { generate } from './generate.ts';
import { judge } from './report.ts';
import { runHistory } from './run.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, minutes: { type: 'string' }, from: { type: 'string' } },
});

/** The largest number of findings that one run reports. */
const MAX_FINDINGS = 3;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (process.env['SEED'] === undefined) await soak();
else await replayOne(number('SEED', process.env['SEED']));
// A receiver that was killed in the middle may have left a handle that keeps the process alive.
process.exit();

async function replayOne(seed: number): Promise<void> {
  const { trace, violation, head, executions } = await runHistory(generate(seed));
  say([`seed ${seed}`, ...trace, '', `executions: ${JSON.stringify(executions)}, trail ends in ${head}`].join('\n'));
  if (violation === null) return say('every promise was kept');
  const { finding } = await judge(seed);
  say(`\n${finding ?? violation.message}`);
  process.exitCode = 1;
}

async function soak(): Promise<void> {
  const from = number('--from', values.from ?? '1');
  const minutes = values.minutes === undefined ? null : number('--minutes', values.minutes);
  const count = minutes === null || values.seeds !== undefined ? number('--seeds', values.seeds ?? '1000') : null;
  const began = Date.now();
  const until = began + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const to = from + (count ?? Number.POSITIVE_INFINITY);
  const executions: Record<string, number> = {};
  const broken: number[] = [];
  let saidAt = began;
  let seed = from;
  for (; seed < to && Date.now() < until && broken.length < MAX_FINDINGS; seed += 1) {
    const { finding, report } = await judge(seed);
    add(executions, report.executions);
    if (finding !== null) {
      broken.push(seed);
      say(`\n${finding}\n`);
    }
    if (Date.now() - saidAt > 10_000) {
      saidAt = Date.now();
      say(`${seed - from + 1} histories, ${perMinute(seed - from + 1, began)} a minute`);
    }
  }
  const tally = Object.entries(executions).map(([status, number]) => `${number} ${status}`);
  say(`${seed - from} histories from seed ${from}, ${perMinute(seed - from, began)} a minute`);
  say(`their executions: ${tally.join(', ')}`);
  if (broken.length === 0) return say('every promise was kept');
  say(`broken by ${broken.length === 1 ? 'seed' : 'seeds'} ${broken.join(', ')}`);
  process.exitCode = 1;
}

function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}

function perMinute(count: number, began: number): number {
  return Math.round((count / Math.max(1, Date.now() - began)) * 60_000);
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`${name} must be a number\n`);
  process.exit(2);
}
