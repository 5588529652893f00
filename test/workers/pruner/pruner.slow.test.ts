// Pruning: rows are exported before they are deleted, a crash loses nothing, and the log states the progress.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { JsonObject } from '../../../src/execution/json.ts';
import type { Facts, Log } from '../../../src/lib/log.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { chainHash } from '../../../src/store/shared/hash-chain.ts';
import { readHeads } from '../../../src/store/signed-head.ts';
import { openReadOnly } from '../../../src/store/sqlite/file/open-readonly.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../src/store/sqlite/verify/verify.ts';
import { createExportFiles } from '../../../src/workers/pruner/export-files.ts';
import { createPruner } from '../../../src/workers/pruner/pruner.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const DAY_MS = 86_400_000;
const SECRETS = ['a-secret-for-heads-of-32-characters'] as const;
const EVERYTHING = { auditRetentionDays: 30, payloadRetentionDays: 7 };
const FIRST_HASH = '0'.repeat(64);

type SqliteStore = ReturnType<typeof createSqliteStore>;

function openStore(path: string): SqliteStore {
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  return store;
}

interface Place {
  readonly path: string;
  readonly exports: string;
}

function aPlace(): Place {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'exports'));
  return { path: join(folder, 'receiver.db'), exports: join(folder, 'exports') };
}

/** Each leaves three entries. */
async function fill(store: SqliteStore, count: number, at = NOON): Promise<string[]> {
  const one = async () => {
    const execution = anExecution({ inputs: { amount: 42 } }, at);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
    const body = { bytes: Buffer.from('{"half":'), contentType: null };
    await store.record(execution.reference, { type: 'callback-unreadable', reason: 'no JSON', body }, at);
    await store.record(execution.reference, callback(completed({ paid: 'x'.repeat(500), text: '\u2028\u2029' })), at);
    return execution.correlationId;
  };
  return Promise.all(Array.from({ length: count }, one));
}

function remembering(said: { level: string; message: string; facts: Facts }[]): Pick<Log, 'info' | 'warn'> {
  return {
    info: (facts, message) => void said.push({ level: 'info', message, facts }),
    warn: (facts, message) => void said.push({ level: 'warn', message, facts }),
  };
}

/** Rounds until nothing is due; `between` is called after each, and whenever other work runs. */
async function pruneAll(
  store: SqliteStore,
  { exports }: Place,
  days: number,
  {
    rules = EVERYTHING,
    between = () => {},
    writing = true,
    signal = new AbortController().signal,
  }: {
    readonly rules?: typeof EVERYTHING;
    readonly between?: () => void;
    readonly writing?: boolean;
    readonly signal?: AbortSignal;
  } = {},
) {
  const said: { level: string; message: string; facts: Facts }[] = [];
  const log = { ...quietLog(), ...remembering(said) };
  let now = NOON + days * DAY_MS;
  const world = {
    ...systemWorld,
    now: () => now++,
    sleep: async () => between(),
  };
  const files = writing ? createExportFiles(exports, world) : null;
  const work = createPruner({ store, world, log, rules, exports: files, secrets: SECRETS });
  while ((await work({ signal })) !== null && !signal.aborted) between();
  return said;
}

/** Without the manifests beside them. */
function exportsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.endsWith('.manifest.json'));
}

function exported({ exports }: Place, kind: string): JsonObject[] {
  const names = exportsIn(exports).filter((name) => name.startsWith(kind));
  return names.sort().flatMap((name) =>
    gunzipSync(readFileSync(join(exports, name)))
      .toString()
      // As a reader does that ends lines at these characters too.
      .split(/[\n\u2028\u2029]/)
      .filter(Boolean)
      .map((line) => JSON.parse(line) as JsonObject),
  );
}

function findingsIn(path: string): string[] {
  const client = openReadOnly(path);
  try {
    const { difference } = client.prepare('SELECT difference FROM conservation').get() as { difference: number };
    return [
      ...verifyAudit(client).findings.map(({ message }) => message),
      ...(difference === 0 ? [] : ['not conserved']),
    ];
  } finally {
    client.close();
  }
}

/** The documented hash, from the columns by their SQL names. */
function hashOf(
  previous: string,
  { action_id, correlation_id, execution_id, latency_ms, http_status, ...entry }: JsonObject,
): string {
  const renamed = { actionId: action_id, correlationId: correlation_id, executionId: execution_id };
  const row = { ...entry, ...renamed, latencyMs: latency_ms, httpStatus: http_status };
  return chainHash(previous, row as unknown as Parameters<typeof chainHash>[1]);
}

const named = (records: readonly JsonObject[], type: string, name: string) =>
  records.filter((record) => record['type'] === type).map((record) => record[name]);

describe('a pruned execution', () => {
  test('is exported first, in full: the entries prove each other from file to file, and every row is there', async () => {
    const place = aPlace();
    const store = openStore(place.path);
    const ids = await fill(store, 1_400);
    await pruneAll(store, place, 31, { rules: { auditRetentionDays: 30, payloadRetentionDays: 0 } });
    const names = exportsIn(place.exports).sort();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^audit-000000000001-000000004000-2026-02-01T12-00-00-\d{3}Z\.ndjson\.gz$/);
    const records = exported(place, 'audit');
    const entries = records.filter(({ type }) => type === 'audit_event');
    expect(entries).toHaveLength(4_200);
    let previous = FIRST_HASH;
    const broken = entries.filter((entry) => {
      const holds = hashOf(previous, entry) === entry['hash'];
      previous = String(entry['hash']);
      return !holds;
    });
    expect(broken).toEqual([]);
    expect(new Set(named(records, 'execution', 'correlation_id'))).toEqual(new Set(ids));
    expect(named(records, 'execution', 'result')[0]).toContain('"paid"');
    expect(named(records, 'callback_body', 'body_base64')).toHaveLength(1_400);
    expect(await store.list({ app: null, limit: 1 })).toMatchObject({ items: [] });
    expect(findingsIn(place.path)).toEqual([]);
  });

  test('loses its payload first, which is exported unchanged', async () => {
    const place = aPlace();
    const store = openStore(place.path);
    const [id = ''] = await fill(store, 1);
    await fill(store, 1, NOON + 6 * DAY_MS);
    await pruneAll(store, place, 8);
    const records = exported(place, 'payloads');
    expect(named(records, 'payload', 'correlation_id')).toEqual([id]);
    expect(named(records, 'payload', 'inputs')).toEqual(['{"amount":42}']);
    expect(named(records, 'callback_body', 'audit_id')).toEqual([2]);
    expect(await store.find(id)).toMatchObject({ status: 'COMPLETED', result: null });
    expect(await store.trail(id)).toHaveLength(3);
    expect(exportsIn(place.exports)).toEqual([
      expect.stringMatching(/^payloads-[0-9a-f-]{36}-[0-9a-f-]{36}-2026-01-09T12-00-00-\d{3}Z\.ndjson\.gz$/),
    ]);
  });

  test('is reported in the log, with a signed line that proves where the trail now begins', async () => {
    const place = aPlace();
    const store = openStore(place.path);
    await fill(store, 5);
    await fill(store, 1, NOON + 30 * DAY_MS);
    const lines = await pruneAll(store, place, 31);
    const line = lines.find(({ message }) => message === 'pruned');
    expect(line?.facts).toMatchObject({
      entries: 15,
      executions: 5,
      exported: [expect.any(String), expect.any(String)],
    });
    const [head] = readHeads([...SECRETS], JSON.stringify(line?.facts));
    expect(head).toMatchObject({ id: 15, signature: 'good' });
    const client = openReadOnly(place.path);
    onTestFinished(() => void client.close());
    const { findings, heads } = verifyAudit(client, { heads: head ? [head] : [] });
    expect([findings, heads.map(({ verdict }) => verdict)]).toEqual([[], ['agrees']]);
  });

  test('stays, and is retried later, while it cannot be exported; the log states it once', async () => {
    const place = aPlace();
    const store = openStore(place.path);
    const [id = ''] = await fill(store, 1);
    rmSync(place.exports, { recursive: true });
    const lines = await pruneAll(store, place, 31);
    const message = expect.stringMatching(/nothing is pruned: the export cannot be written to RETENTION_EXPORT_DIR/);
    expect(lines).toEqual([{ level: 'warn', message, facts: { reason: expect.stringContaining('ENOENT') } }]);
    expect(await store.find(id)).toMatchObject({ result: { paid: expect.any(String) } });
    mkdirSync(place.exports);
    await pruneAll(store, place, 31);
    expect(await store.find(id)).toBeUndefined();
    expect(named(exported(place, 'audit'), 'execution', 'correlation_id')).toEqual([id]);
  });

  test('stays if it is needed again after its export', async () => {
    const place = aPlace();
    const store = openStore(place.path);
    const [first = '', second = ''] = await fill(store, 2);
    const late = await store.find(first);
    const lookAndHear = {
      ...store,
      prune: async (...args: Parameters<typeof store.prune>) => {
        await store.record(late?.reference ?? '', callback(completed({ again: true })), NOON + 31 * DAY_MS);
        return store.prune(...args);
      },
    };
    await pruneAll(lookAndHear, place, 31, { rules: { auditRetentionDays: 30, payloadRetentionDays: 0 } });
    expect(await store.find(first)).toMatchObject({ status: 'COMPLETED' });
    expect(await store.find(second)).toBeUndefined();
    expect(findingsIn(place.path)).toEqual([]);
  });

  test('is in no partial file after a crash: such a file is removed', async () => {
    const place = aPlace();
    const store = openStore(place.path);
    await fill(store, 1);
    writeFileSync(join(place.exports, 'audit-2026-01-09T12-00-00-000Z.ndjson.gz.partial'), 'half');
    writeFileSync(join(place.exports, 'audit-1-2.ndjson.gz.manifest.json'), 'of the file that was not finished');
    writeFileSync(join(place.exports, 'notes.partial'), 'mine');
    await pruneAll(store, place, 31);
    expect(readdirSync(place.exports).filter((name) => name.endsWith('.partial'))).toEqual(['notes.partial']);
    const names = readdirSync(place.exports).filter((name) => name.startsWith('audit'));
    expect(names).toEqual([expect.stringMatching(/\.gz$/), expect.stringMatching(/\.gz\.manifest\.json$/)]);
  });
});

test('is not lost before its export, whenever the process is killed, and the next start completes the pruning', async () => {
  const place = aPlace();
  const store = openStore(place.path);
  const ids = await fill(store, 250);
  const crashes: Place[] = [];
  // The disk at this moment is what a kill would leave.
  const crash = () => {
    const left = aPlace();
    for (const end of ['', '-wal']) if (existsSync(place.path + end)) copyFileSync(place.path + end, left.path + end);
    for (const name of readdirSync(place.exports)) copyFileSync(join(place.exports, name), join(left.exports, name));
    crashes.push(left);
  };
  await pruneAll(store, place, 31, { between: crash });
  expect(crashes.length).toBeGreaterThan(15);
  for (const left of crashes.filter((_, index) => index % 3 === 0)) {
    const there = new Database(left.path);
    const kept = there.prepare('SELECT correlation_id FROM executions').pluck().all();
    const bare = there
      .prepare('SELECT correlation_id FROM executions WHERE payload_pruned_at IS NOT NULL')
      .pluck()
      .all();
    there.close();
    const whole = exportedSoFar(left);
    expect(ids.filter((id) => !kept.includes(id) && !whole.executions.has(id))).toEqual([]);
    expect(bare.filter((id) => !whole.payloads.has(id))).toEqual([]);
    const again = openStore(left.path);
    await pruneAll(again, left, 32);
    expect(findingsIn(left.path)).toEqual([]);
    expect(await again.list({ app: null, limit: 1 })).toMatchObject({ items: [] });
    expect(await again.reclaimSpace(0)).toBe(0);
    const all = exportedSoFar(left);
    expect(ids.filter((id) => !all.executions.has(id) || !all.payloads.has(id))).toEqual([]);
  }
});

test('is exported once, whenever a shutdown interrupts the pruning', async () => {
  const full = aPlace();
  const filled = openStore(full.path);
  await fill(filled, 150);
  await filled.close();
  const kinds = ['audit_event', 'execution', 'payload', 'callback_body'];
  for (const stopAfter of [0, 1, 2, 3, 5, 8, 11]) {
    const place = aPlace();
    copyFileSync(full.path, place.path);
    const shutdown = new AbortController();
    const stopped = openStore(place.path);
    let pauses = 0;
    const between = () => {
      if (pauses++ === stopAfter) shutdown.abort();
    };
    await pruneAll(stopped, place, 31, { between, signal: shutdown.signal });
    expect(shutdown.signal.aborted).toBe(true);
    await stopped.close();
    const next = openStore(place.path);
    await pruneAll(next, place, 32);
    await next.close();
    // The row of a callback body stays without its bytes until its entry is pruned.
    const records = [...exported(place, 'payloads'), ...exported(place, 'audit')]
      .filter(({ body_base64 }) => body_base64 !== '')
      .map(({ type, id, audit_id, correlation_id }) => [type, id ?? audit_id ?? correlation_id].join(' '));
    const counts = kinds.map((kind) => records.filter((record) => record.startsWith(kind)).length);
    expect({ stopAfter, counts }).toEqual({ stopAfter, counts: [450, 150, 150, 150] });
    expect(new Set(records).size).toBe(records.length);
  }
});

function exportedSoFar(place: Place) {
  const finished = (kind: string) => (exportsIn(place.exports).some((name) => name.startsWith(kind)) ? kind : '-');
  for (const name of readdirSync(place.exports)) {
    if (name.endsWith('.partial')) rmSync(join(place.exports, name));
  }
  const audit = exported(place, finished('audit'));
  const payloads = exported(place, finished('payloads'));
  return {
    executions: new Set<unknown>(named(audit, 'execution', 'correlation_id')),
    payloads: new Set<unknown>(named(payloads, 'payload', 'correlation_id')),
  };
}
