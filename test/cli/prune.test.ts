// `prune`: says what retention would take, and takes exactly that in the place of a receiver that is down.

import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createManualWorld } from '../support/manual-world.ts';
import { command, fill, openStore, writtenDatabase } from './harness.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

function counts(path: string): unknown {
  const sql = new Database(path, { readonly: true });
  try {
    return sql.prepare('SELECT (SELECT count(*) FROM audit_events), (SELECT count(*) FROM executions)').raw().get();
  } finally {
    sql.close();
  }
}

/** The number of days after the rows were written. */
const after = (days: number) => ({ world: createManualWorld(1, Date.now() + days * DAY_MS) });

test('--dry-run says what would go and takes nothing; without it exactly that goes', async () => {
  const path = await writtenDatabase(30);
  const env = { DATABASE_PATH: path, AUDIT_RETENTION_DAYS: '7' };
  const said = await command('prune --dry-run --json', env, false, after(8));
  const expected = { entries: 60, executions: 30, payloads: 0 };
  expect([said.code, JSON.parse(said.out)]).toEqual([0, expect.objectContaining({ dryRun: true, ...expected })]);
  expect(counts(path)).toEqual([60, 30]);
  const done = await command('prune --json', env, false, after(8));
  expect([done.code, JSON.parse(done.out)]).toEqual([0, expect.objectContaining({ dryRun: false, ...expected })]);
  expect(counts(path)).toEqual([0, 0]);
  // What the chain is verified from after this.
  expect(done.err).toMatch(/^audit-head v1 id=60 /);
});

test('interrupted it ends with 2, and says what it has deleted', async () => {
  const path = await writtenDatabase(300);
  const env = { DATABASE_PATH: path, AUDIT_RETENTION_DAYS: '7' };
  const { world } = after(8);
  const stop = new AbortController();
  const left = () => counts(path) as [number, number];
  const now = () => {
    if (left()[0] < 600) stop.abort();
    return world.now();
  };
  const { code, err } = await command('prune', env, false, {
    world: { ...world, now },
    interrupted: () => stop.signal,
  });
  const [entries, executions] = left();
  expect([code, entries > 0 && entries < 600]).toEqual([2, true]);
  expect(err).toMatch(/^audit-head v1 id=/);
  const deleted = `${600 - entries} audit entries, ${300 - executions} executions, 0 payloads were deleted`;
  expect(err).toContain(`interrupted: ${deleted}; run it again to delete the rest\n`);
  expect((await command('prune --json', env, false, after(8))).out).toContain(`"entries":${entries}`);
});

test('a file that its opening warns of is pruned, and the warning is printed', async () => {
  const path = await writtenDatabase(3);
  chmodSync(path, 0o644);
  const env = { DATABASE_PATH: path, AUDIT_RETENTION_DAYS: '7' };
  const { code, out, err } = await command('prune', env, false, after(8));
  expect([code, out]).toEqual([0, '6 audit entries, 3 executions, 0 payloads were deleted\n']);
  expect(err).toContain('the mode of a file of the database was not DATABASE_MODE, and now is\n');
});

test('nothing goes that is not old enough', async () => {
  const env = { DATABASE_PATH: await writtenDatabase(3), AUDIT_RETENTION_DAYS: '7' };
  const { out } = await command('prune --dry-run', env, false, after(6));
  expect(out).toBe('0 audit entries, 0 executions, 0 payloads would be deleted\n');
});

test('payloads have a period of their own', async () => {
  const env = { DATABASE_PATH: await writtenDatabase(5), PAYLOAD_RETENTION_DAYS: '1' };
  const would = await command('prune --dry-run', env, false, after(2));
  expect(would.out).toBe('0 audit entries, 0 executions, 5 payloads would be deleted\n');
  expect((await command('prune', env, false, after(2))).out).toBe(
    '0 audit entries, 0 executions, 5 payloads were deleted\n',
  );
  expect((await command('prune --dry-run', env, false, after(2))).out).toMatch(/ 0 payloads would be deleted/);
});

test('beside a running receiver it only looks', async () => {
  const { store, path } = openStore();
  onTestFinished(() => store.close());
  await fill(store, 3);
  const env = { DATABASE_PATH: path, AUDIT_RETENTION_DAYS: '1' };
  expect((await command('prune --dry-run', env, false, after(2))).out).toMatch(/^6 audit entries, 3 executions/);
  const { code, err } = await command('prune', env, false, after(2));
  expect([code, err]).toEqual([2, expect.stringContaining('in use by another receiver')]);
  expect(counts(path)).toEqual([6, 3]);
});

test('without a period there is nothing to do, which is said', async () => {
  const { code, err } = await command('prune', { DATABASE_PATH: await writtenDatabase(1) });
  expect([code, err]).toEqual([2, expect.stringContaining('AUDIT_RETENTION_DAYS')]);
});
