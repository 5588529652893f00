// What all commands have in common: help, mistakes, exit codes.

import { describe, expect, test } from 'vitest';
import { run } from '../support/process.ts';
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
  'doctor',
];

test.each(ALL)('%s --help tells how to use it, what its exit codes mean, and gives examples', async (name) => {
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
    ['executions list --stats TIMEOUT', /There is no --stats \(did you mean --status\?\)/],
    ['executions lsit', /There is no "executions lsit" \(did you mean list\?\)/],
    ['executions list --status TIMOUT', /there is no TIMOUT \(did you mean TIMEOUT\?\)/],
    ['executions list --xyz', /There is no --xyz\n/],
    ['audit query --event CALLBACK_LAET', /did you mean CALLBACK_LATE\?/],
    ['audit query --from yesterday', /--from: "yesterday" is no time/],
    ['audit query --from 2026-02-30', /is no time/],
    ['audit query --limit none', /--limit: must be a whole number from 1/],
    ['audit query one', /"one" is one word too many/],
    ['keys new --app a:b', /--app: "a:b" must be/],
    ['executions', /Say list, show, export, submit, poll or cancel/],
    ['executions toString', /There is no "executions toString"/],
  ])('%s', async (line, message) => {
    const { code, out, err } = await command(line, { DATABASE_PATH: await writtenDatabase(1) });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toContain('Usage: npm run');
  });
});

test.each(['audit query', 'executions list', 'notifications list', 'stats', 'audit tail', 'executions export'])(
  '%s: a database that is not there is told in one line, and none is made',
  async (line) => {
    const { code, err } = await command(line, { DATABASE_PATH: '/nowhere/receiver.db' });
    expect([code, err]).toEqual([2, '/nowhere/receiver.db does not exist\n']);
  },
);

test('as a program: a word that is no command ends with 2 and names the nearest', async () => {
  const { code, stderr } = await run(['excutions']).finished;
  expect(code).toBe(2);
  expect(stderr).toMatch(/^There is no command "excutions" \(did you mean executions\?\)/);
});
