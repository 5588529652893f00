// The signed head: a line that states the trail at a moment, and that requires the secret to make.

import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/lib/log.ts';
import { startLoop } from '../../src/lib/loop.ts';
import { readHeads, signHead } from '../../src/store/signed-head.ts';
import { createAuditHeadLogger } from '../../src/workers/audit-head-logger.ts';
import { anExecution } from '../support/executions.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

const SECRET = 'a-secret-for-heads-of-32-characters!';
const NEXT = 'another-secret-of-32-characters-or-so';
const HEAD = { id: 1234, hash: 'ab'.repeat(32) };

describe('a signed head', () => {
  const line = signHead([SECRET], HEAD, START);

  test('is one line of plain words, with the id, the hash and the moment in it', () => {
    expect(line).toMatch(
      /^audit-head v1 id=1234 hash=(ab){32} at=2026-01-01T00:00:00.000Z key=[0-9a-f]{8} mac=[\w-]{43}$/,
    );
  });

  test('is read back from wherever it was put: a line of JSON, a mail, between other lines', () => {
    const kept = `> ${line}\n{"level":"info","head":"${signHead([SECRET], { ...HEAD, id: 9 }, START)}","msg":"audit head"}\nmore`;
    expect(readHeads([SECRET], kept)).toMatchObject([
      { ...HEAD, at: '2026-01-01T00:00:00.000Z', signature: 'good' },
      { id: 9, signature: 'good' },
    ]);
    expect(readHeads([SECRET], 'nothing of the kind')).toEqual([]);
  });

  test.each([
    ['its id', 'id=1234', 'id=1233'],
    ['its hash', 'hash=ab', 'hash=aa'],
    ['its moment', 'at=2026-01-01', 'at=2026-01-02'],
    ['its signature', /mac=./, 'mac=~'.replace('~', line.includes('mac=A') ? 'B' : 'A')],
  ])('that was altered in %s does not pass', (_, part, other) => {
    expect(readHeads([SECRET], line.replace(part, other))).toMatchObject([{ signature: 'bad' }]);
  });

  test('passes under the new secret and the old one while they rotate, and says so when its secret is not there', () => {
    expect(readHeads([NEXT, SECRET], line)).toMatchObject([{ signature: 'good' }]);
    const [old] = readHeads([NEXT], line);
    expect(old).toMatchObject({ signature: 'unknown key' });
    const [fresh] = readHeads([NEXT, SECRET], signHead([NEXT, SECRET], HEAD, START));
    expect(fresh?.key).not.toBe(old?.key);
  });

  test('gives away nothing of the secret', () => {
    expect(line).not.toContain(SECRET);
    expect(line).not.toContain(Buffer.from(SECRET).toString('hex').slice(0, 8));
  });
});

describe('the log', () => {
  function watch() {
    const world = createManualWorld();
    const store = createStoreInMemory();
    const reported: Facts[] = [];
    const log = { ...quietLog(), info: (facts: Facts) => void reported.push(facts) };
    const reports = createAuditHeadLogger(store, world, log, [SECRET]);
    const add = () => store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 100 });
    const ids = () => reported.flatMap(({ head }) => readHeads([SECRET], String(head)).map(({ id }) => id));
    return { world, log, reports, add, ids };
  }

  test('gets the head at the start, then every half minute, and only when it has moved', async () => {
    const { world, log, reports, add, ids } = watch();
    await add();
    const loop = startLoop('audit-head', reports.work, world, log);
    await world.advance(120_000);
    expect(ids()).toEqual([1]);
    await add();
    await add();
    await world.advance(30_000);
    expect(ids()).toEqual([1, 3]);
    await loop.stop();
  });

  test('gets the last one on request, as when the receiver stops', async () => {
    const { reports, add, ids } = watch();
    await add();
    await reports.report();
    await reports.report();
    await add();
    await reports.report();
    expect(ids()).toEqual([1, 2]);
  });
});
