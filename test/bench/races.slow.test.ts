// The receiver still does in each race what the published results say.

import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { POSTGRES, receiverOn, SQLITE, type Storage } from '../../bench/races/contestants/receiver.ts';
import type { Report } from '../../bench/races/races.ts';
import { run } from '../../bench/races/run.ts';
import { findPostgres } from '../../src/demo/cluster/postgres-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const published: Report[] = JSON.parse(
  readFileSync(new URL('../../bench/races/results.json', import.meta.url), 'utf8'),
);

const hasPostgres = findPostgres() !== null;

async function runsAsPublished(storage: Storage): Promise<void> {
  const contestant = receiverOn(storage);
  const [scratch, packages] = [temporaryFolder(), temporaryFolder()];
  // PostgreSQL runs as another user than root.
  chmodSync(scratch, 0o711);
  const signal = new AbortController().signal;
  const report = await run(contestant, { scratch, packages, signal, log: () => {} });
  expect(report.races).toEqual(published.find(({ name }) => name === contestant.name)?.races);
  expect(readdirSync(packages)).toEqual([]);
}

// Again, because a machine that is starved may miss the ten seconds in which CXone must respond.
describe('each race ends as published', { timeout: 900_000, retry: 1 }, () => {
  test('on the receiver with SQLite', () => runsAsPublished(SQLITE));
  test.runIf(hasPostgres)('on the receiver with PostgreSQL', () => runsAsPublished(POSTGRES));
});
