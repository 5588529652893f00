// The threat model names a test for each cost, and the test exists.

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/threat-model.md', 'utf8');
const costs = (page.split('## What each can cost the others')[1]?.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2);

test('each cost has a limit and a test', () => {
  expect(costs.length).toBeGreaterThan(20);
  for (const row of costs) {
    const [, , , limit = '', tests = ''] = row.split('|').map((cell) => cell.trim());
    expect(limit, row).not.toBe('');
    expect(tests, row).toMatch(/^(?:`test\/[^`]+`(?:, )?)+$/);
  }
});

test.each([...new Set(page.match(/test\/[^`]+/g))])('%s exists', (path) => {
  expect(existsSync(path)).toBe(true);
});
