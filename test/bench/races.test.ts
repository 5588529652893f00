// The page of the races has the published results, and shows what was not measured as such.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONTESTANTS } from '../../bench/races/contestants.ts';
import { markdown } from '../../bench/races/page.ts';
import { type Contestant, RACE_NAMES, type Report, type Started, Unavailable } from '../../bench/races/races.ts';
import { run } from '../../bench/races/run.ts';
import { replaceResults } from '../../bench/session.ts';
import { temporaryFolder } from '../support/temporary.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const published: Report[] = JSON.parse(read('bench/races/results.json'));

describe('the published results of the races', () => {
  test('are those of docs/comparison.md', () => {
    expect(read('docs/comparison.md')).toContain(`<!-- races -->\n${markdown(published)}\n<!-- /races -->`);
  });

  test('have each contestant in its order, with each race, measured or with the reason', () => {
    expect(published.map(({ name }) => name)).toEqual(CONTESTANTS.map(({ name }) => name));
    for (const { races, versions } of published) {
      expect(versions).toMatch(/\d+\.\d+/);
      expect(Object.keys(races)).toEqual(RACE_NAMES);
      for (const outcome of Object.values(races)) {
        for (const text of Object.values(outcome)) expect(text).toMatch(/\S/);
      }
    }
  });
});

describe('the tables', () => {
  const [first] = published;
  const reportOf = (outcome: Report['races']['early']): Report => ({
    ...{ name: 'a peer', versions: '1.0', at: '2026-01-02T03:04:05.678Z' },
    mapping: { execution: 'a job', sender: 'completes', waiter: 'waits', operator: 'reads' },
    races: Object.fromEntries(RACE_NAMES.map((name) => [name, outcome])) as Report['races'],
  });

  test('have a row for each contestant in each race', () => {
    const text = markdown([reportOf({ sender: '200', waiter: '`1`', operator: 'a row' })]);
    expect(text.match(/^\| a peer \| 200 \| `1` \| a row \|$/gm)).toHaveLength(RACE_NAMES.length);
    expect(text).toContain('| **a peer** 1.0, 2026-01-02 | a job | completes | waits | reads |');
  });

  test('state the reason where nothing was measured', () => {
    expect(markdown([reportOf({ notMeasured: 'it has no keys' })])).toContain(
      '| a peer | not measured: it has no keys |  |  |',
    );
  });

  test('keep a vertical bar in a cell', () => {
    expect(markdown([reportOf({ sender: 'a|b', waiter: 'c', operator: 'd' })])).toContain('| a\\|b | c | d |');
  });

  test('differ when a result differs', () => {
    expect(first).toBeDefined();
    expect(markdown(published)).not.toBe(markdown(published.slice(1)));
  });
});

describe('a run', () => {
  const mapping = { execution: 'a job', sender: 'completes', waiter: 'waits', operator: 'reads' };
  const ran: string[] = [];
  const racesOf = (race: Started['races']['early']) =>
    Object.fromEntries(
      RACE_NAMES.map((name) => [
        name,
        () => {
          ran.push(name);
          return name === 'crash' ? race() : Promise.resolve({ sender: name, waiter: 'w', operator: 'o' });
        },
      ]),
    ) as Started['races'];
  const contestantOf = (race: Started['races']['early']): Contestant => ({
    ...{ name: 'a peer', mapping },
    start: async () => ({ versions: '1.0', races: racesOf(race), stop: async () => void ran.push('stop') }),
  });
  const settings = () => ({ scratch: '', packages: '', log: () => {}, signal: new AbortController().signal });

  test('reports each race in the order of the page, and stops what it has started', async () => {
    ran.length = 0;
    const report = await run(
      contestantOf(async () => ({ notMeasured: 'it has no disk' })),
      settings(),
    );
    expect(report).toMatchObject({ name: 'a peer', versions: '1.0', mapping });
    expect(Object.keys(report.races)).toEqual(RACE_NAMES);
    expect(report.races).toMatchObject({ early: { sender: 'early' }, crash: { notMeasured: 'it has no disk' } });
    expect(ran).toEqual([...RACE_NAMES, 'stop']);
  });

  test('reports nothing if a race fails, and names that race after it has run the others', async () => {
    ran.length = 0;
    const failing = contestantOf(() => Promise.reject(new Error('the disk is full')));
    await expect(run(failing, settings())).rejects.toThrow(/^a peer, crash: Error: the disk is full/);
    expect(ran).toEqual([...RACE_NAMES, 'stop']);
  });

  test('ends when it is interrupted, and stops what it has started', async () => {
    ran.length = 0;
    const interrupt = new AbortController();
    const waiting = contestantOf(() => {
      interrupt.abort(new Error('interrupted'));
      return new Promise(() => {});
    });
    await expect(run(waiting, { ...settings(), signal: interrupt.signal })).rejects.toThrow('interrupted');
    expect(ran.slice(-2)).toEqual(['crash', 'stop']);
  });

  test('that lacks what it needs says so', async () => {
    const start = () => Promise.reject(new Unavailable('redis-server is not installed here'));
    await expect(run({ name: 'a peer', mapping, start }, settings())).rejects.toThrow(Unavailable);
  });
});

test('results replace the text between the markers of a page and nothing else', async () => {
  const page = join(temporaryFolder(), 'page.md');
  writeFileSync(page, 'before\n<!-- races -->\nold\n<!-- /races -->\nafter\n');
  await replaceResults(page, 'races', '$& new');
  expect(readFileSync(page, 'utf8')).toBe('before\n<!-- races -->\n$& new\n<!-- /races -->\nafter\n');
  await expect(replaceResults(page, 'bench', 'new')).rejects.toThrow(
    'no place between <!-- bench --> and <!-- /bench -->',
  );
});
