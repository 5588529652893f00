// What all commands have in common: help, mistakes, exit codes.

import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { command, writtenDatabase } from './harness.ts';

const ALL = [
  'audit',
  ...['query', 'tail', 'verify', 'head', 'export'].map((word) => `audit ${word}`),
  'executions',
  ...['list', 'show', 'export', 'submit', 'poll', 'cancel'].map((word) => `executions ${word}`),
  'notifications',
  'notifications list',
  'notifications replay',
  'keys',
  'keys new',
  'backup',
  'restore',
  'prune',
  'stats',
  'watch',
  'doctor',
];

test.each(ALL)('%s --help states its usage and exit codes, and gives examples', async (name) => {
  const { code, out } = await command(`${name} --help`);
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: npm run/);
  expect(out).toMatch(/^Exit code/m);
  expect(out.match(/^ {2}(npm run|systemctl)/gm)?.length).toBeGreaterThan(1);
  for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(130);
});

test('"help" before a word is the help of that word', async () => {
  expect((await command('audit help tail')).out).toBe((await command('audit tail --help')).out);
});

describe('a mistake ends with 2 and names what was perhaps meant', () => {
  test.each([
    ['executions list --stats TIMEOUT', /unknown option '--stats'\n\(Did you mean --status\?\)/],
    ['executions lsit', /unknown command 'lsit'\n\(Did you mean list\?\)/],
    ['executions list --status TIMOUT', /'TIMOUT' is invalid\. Allowed choices are OPEN, .*TIMEOUT/],
    ['help nope', /unknown command 'nope'\n/],
    ['help excutions', /unknown command 'excutions'\n\(Did you mean executions\?\)/],
    ['audit help tial', /unknown command 'tial'\n\(Did you mean tail\?\)/],
    ['executions list --xyz', /unknown option '--xyz'\n/],
    ['audit query --event CALLBACK_LAET', /'CALLBACK_LAET' is invalid\. Allowed choices are .*CALLBACK_LATE/],
    ['audit query --from yesterday', /'--from <time>' argument 'yesterday' is invalid\. Times are ISO 8601/],
    ['audit query --from 2026-02-30', /'2026-02-30' is invalid/],
    ['audit query --limit none', /--limit <count>' argument 'none' is invalid\. It must be a whole number from 1/],
    ['audit query one', /too many arguments for 'query'/],
    ['executions show', /missing required argument 'correlation-id'/],
    ['executions toString', /unknown command 'toString'/],
    ['executions list --status OPEN --status', /argument missing/],
  ])('%s', async (line, message) => {
    const { code, out, err } = await command(line, { DATABASE_PATH: await writtenDatabase(1) });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toContain('--help');
  });
});

test.each([
  'audit query',
  'executions list',
  'notifications list',
  'stats',
  'watch',
  'audit tail',
  'executions export',
])('%s: a missing database is reported in one line, and none is created', async (line) => {
  const { code, err } = await command(line, { DATABASE_PATH: '/nowhere/receiver.db' });
  const remedy = 'check the path; the first start of a receiver makes its database at DATABASE_PATH';
  expect([code, err]).toEqual([2, `/nowhere/receiver.db does not exist: ${remedy}\n`]);
});

test.each(['audit query', 'stats', 'compact'])('%s: a folder is not taken for a failing disk', async (line) => {
  const folder = temporaryFolder();
  const { code, err } = await command(line, { DATABASE_PATH: folder });
  expect([code, err]).toEqual([2, `${folder} is a folder: put the name of a file after it\n`]);
});
