// .env.example and docs/configuration.md agree with the schema of the configuration.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exampleFile, page } from '../../.ci/configuration.ts';
import { DESCRIPTIONS } from '../../.ci/descriptions.ts';
import { VARIABLES } from '../../src/config/variables.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every variable has a description of its own', () => {
  expect(Object.keys(DESCRIPTIONS).toSorted()).toEqual(VARIABLES.map(({ name }) => name).toSorted());
  for (const { text } of Object.values(DESCRIPTIONS)) expect(text).toMatch(/^\S.*\S$/);
});

test('.env.example is current: npm run docs:configuration', () => {
  expect(read('.env.example')).toBe(exampleFile());
});

test('the table in docs/configuration.md is current: npm run docs:configuration', () => {
  const text = read('docs/configuration.md');
  expect(text).toBe(page(text));
  for (const { name } of VARIABLES) expect(text).toContain(`\n| \`${name}\``);
});
