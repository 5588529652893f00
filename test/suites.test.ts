// Each test file belongs to one suite, each suite has its command, and the tests that did not run are counted.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { countTests } from './support/left-out-reporter.ts';
import { SUITES } from './support/suites.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('each file with tests belongs to exactly one suite', () => {
  const inSuites = Object.values(SUITES).flatMap(({ include, exclude = [] }) =>
    globSync(include, { cwd: ROOT, exclude }),
  );
  expect(new Set(inSuites).size).toBe(inSuites.length);
  expect(inSuites.length).toBeGreaterThan(200);
  const declaring = globSync('test/**/*.ts', { cwd: ROOT }).filter((file) =>
    /^test(\.\w+)*\(/m.test(readFileSync(ROOT + file, 'utf8')),
  );
  expect(declaring.filter((file) => !inSuites.includes(file))).toEqual([]);
});

test('the files that begin first are files of their suite', () => {
  for (const { include, longest = [] } of Object.values(SUITES)) {
    expect(globSync(include, { cwd: ROOT })).toEqual(expect.arrayContaining([...longest]));
  }
});

test('each suite has a script that runs it', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  for (const [name, { command }] of Object.entries(SUITES)) {
    expect(scripts[command.replace(/^npm (run )?/, '')]).toBe(`vitest run --project ${name}`);
  }
});

test('tests are counted in each of their forms, a table of cases as one', () => {
  const source = `
    test('a', () => {});
    test.for([1, 2])('b %i', (n) => {});
    test.skipIf(true)('c', async () => {});
    test('d', { timeout: 1 }, function () {});
    test.extend({});
    retest('e', () => {});
  `;
  expect(countTests('x.ts', source)).toBe(4);
});
