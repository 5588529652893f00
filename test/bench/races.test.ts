// The page of the races has the published results, and shows what was not measured as such.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CONTESTANTS } from '../../bench/races/contestants.ts';
import { markdown } from '../../bench/races/page.ts';
import { RACE_NAMES, type Report } from '../../bench/races/races.ts';

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
