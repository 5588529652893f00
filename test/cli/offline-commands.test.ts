// The commands that look: they read the database, while the receiver runs or is down, and change nothing.

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import { anExecution, callback, completed, failed } from '../support/executions.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { keptFolder } from '../support/temporary.ts';
import { crowdedDatabase } from './crowd.ts';
import { command, fill, openStore, writtenDatabase } from './harness.ts';

const folder = keptFolder();
let crowd = '';
beforeAll(() => {
  crowd = crowdedDatabase(12_000, 20, folder);
});

const look = (line: string, terminal = false) => command(line, { DATABASE_PATH: crowd }, terminal);

describe('audit query', () => {
  test('shows the newest entries that match in the order of time, aligned, and says that there are more', async () => {
    const { code, out, err } = await look('audit query --app billing --limit 3');
    expect([code, err]).toEqual([0, 'There are more: --before 11992\n']);
    const [head = '', ...lines] = out.trimEnd().split('\n');
    expect(head).toMatch(/^ +ID {2}TIME +EVENT +CORRELATION ID +HTTP/);
    expect(lines.map((line) => line.trim().split(/ +/)[0])).toEqual(['11992', '11995', '11998']);
    const at = head.indexOf('CORRELATION ID');
    for (const line of lines) expect(line.slice(at)).toMatch(/^order-\d+/);
  });

  test('continues from page to page', async () => {
    const { out } = await look('audit query --app billing --limit 3 --before 11992 --json');
    const { items, more } = JSON.parse(out);
    expect([items.map(({ id }: { id: number }) => id), more]).toEqual([[11_983, 11_986, 11_989], true]);
  });

  test('finds what is long ago by its time, and one execution by its id', async () => {
    const line = 'audit query --from 2026-01-01T00:10:00Z --to 2026-01-01T00:10:02Z --json';
    const byTime = JSON.parse((await look(line)).out).items;
    expect(byTime.map(({ correlationId }: { correlationId: string }) => correlationId)).toEqual([
      'order-600',
      'order-601',
    ]);
    const byId = JSON.parse((await look('audit query --id order-3 --json')).out);
    expect(byId).toMatchObject({ items: [{ id: 4, app: 'billing', detail: {} }], more: false });
  });

  test('an empty result is reported, and is not a failure', async () => {
    const { code, out, err } = await look('audit query --event CANCELLED');
    expect([code, out, err]).toEqual([0, '', 'No entry matches.\n']);
  });
});

describe('audit tail', () => {
  test('shows what is there, then what comes as it is written, once each, until it is stopped', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    await fill(store, 2);
    const world = createManualWorld();
    const stop = new AbortController();
    const ids: number[] = [];
    const tailed = command('audit tail -n 1 --json', { DATABASE_PATH: path }, false, {
      world,
      interrupted: () => stop.signal,
      writeStream: async (text) => {
        for (const line of text.trimEnd().split('\n')) ids.push(JSON.parse(line).id);
      },
    });
    const until = async (last: number) => {
      while (ids.at(-1) !== last) await world.advance(250);
    };
    await until(4);
    await fill(store, 2);
    await until(8);
    await fill(store, 1);
    await until(10);
    stop.abort();
    expect((await tailed).code).toBe(0);
    expect(ids).toEqual([4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('executions list', () => {
  const ids = async (line: string): Promise<string[]> =>
    JSON.parse((await look(`${line} --json`)).out).items.map(
      ({ correlationId }: { correlationId: string }) => correlationId,
    );

  test('shows the newest first, by every filter', async () => {
    expect(await ids('executions list --limit 2')).toEqual(['order-11999', 'order-11998']);
    expect(await ids('executions list --limit 2 --status timeout')).toEqual(['order-11990', 'order-11980']);
    expect(await ids('executions list --app billing --status TIMEOUT --limit 1')).toEqual(['order-11970']);
    expect(await ids('executions list --id order-777')).toContain('order-7770');
    expect(await ids('executions list --text "n":4711,')).toEqual(['order-4711']);
    expect(await ids('executions list --to 2026-01-01T00:00:02Z')).toEqual(['order-1', 'order-0']);
    expect(await ids('executions list --status OPEN')).toEqual([]);
  });

  test('continues from page to page', async () => {
    const { out, err } = await look('executions list --limit 1 --before order-5');
    expect([out, err]).toEqual([expect.stringContaining('order-4'), 'There are more: --before order-4\n']);
    expect((await look('executions list --before order-none')).code).toBe(1);
  });

  test('on a terminal cuts what is long, never an id; elsewhere nothing, and has no colours', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    const execution = anExecution({}, systemWorld.now());
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.record(execution.reference, callback(failed('long '.repeat(100))), systemWorld.now());
    const shown = (await command('executions list', { DATABASE_PATH: path }, true)).out.split('\n');
    expect(shown[0]?.startsWith('\x1b[1mSUBMITTED')).toBe(true);
    expect(shown[1]).toMatch(new RegExp(` ${execution.correlationId} .*"long long.*…$`));
    const whole = (await command('executions list', { DATABASE_PATH: path })).out;
    expect(whole).toContain('long '.repeat(100));
    expect(whole).not.toContain('\x1b');
  });

  test('text from outside cannot move the cursor of the terminal', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    const now = systemWorld.now();
    const execution = anExecution({}, now);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.record(execution.reference, callback(failed('\x1b[2J\u202e\u009b31m\n')), now);
    for (const line of ['executions list', `executions show ${execution.correlationId} --payloads`, 'audit query']) {
      const { out } = await command(line, { DATABASE_PATH: path });
      expect(out).toContain(execution.correlationId);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
      expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  });
});

describe('executions show', () => {
  test('shows the whole trail, and payloads only on request', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    const execution = anExecution({ inputs: { card: 'secret-number' } }, systemWorld.now());
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.record(execution.reference, callback(completed({ token: 'secret-result' })), systemWorld.now());
    const env = { DATABASE_PATH: path };
    const { code, out } = await command(`executions show ${execution.correlationId}`, env);
    expect(code).toBe(0);
    expect(out).toMatch(/^status +COMPLETED$/m);
    expect(out).toMatch(/ACCEPTED.*CALLBACK_COMPLETED/s);
    expect(out).not.toContain('secret');
    const json = JSON.parse((await command(`executions show ${execution.correlationId} --payloads --json`, env)).out);
    expect(json.execution).toMatchObject({ inputs: { card: 'secret-number' }, result: { token: 'secret-result' } });
    expect(json.audit).toHaveLength(2);
  });

  test('ends with 1 when there is none', async () => {
    const { code, err } = await look('executions show order-none');
    expect([code, err]).toEqual([1, 'The execution order-none does not exist.\n']);
  });
});

describe('stats', () => {
  test('counts what was submitted in a period, with shares and percentiles', async () => {
    const { code, out } = await look('stats --from 2026-01-01 --to 2026-01-02 --json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      from: '2026-01-01T00:00:00.000Z',
      total: { accepted: 12_000, open: 0 },
      actions: [
        {
          actionId: 'charge-card',
          ended: { COMPLETED: 10_800, TIMEOUT: 1_200 },
          shares: { callback: 1, poll: 0, missed: 0.1 },
          latencyMs: { p50: 499, p95: 949, p99: 989 },
        },
      ],
    });
  });

  test('agrees with the views of the database', async () => {
    const { default: Database } = await import('better-sqlite3');
    const sql = new Database(crowd, { readonly: true });
    onTestFinished(() => void sql.close());
    const ranks = sql.prepare("SELECT p50, p95, p99 FROM action_latency WHERE resolved_by = 'callback'").get();
    const { total } = JSON.parse((await look('stats --from 2026-01-01 --json')).out);
    expect(total.latencyMs).toEqual(ranks);
  });

  test('covers today by default, and is a table for people', async () => {
    const path = await writtenDatabase(3);
    const { code, out } = await command('stats', { DATABASE_PATH: path });
    expect(code).toBe(0);
    expect(out).toMatch(/^ACTION +ACCEPTED +OPEN +COMPLETED/);
    expect(out).toMatch(/^charge-card +3 +0 +3 .* 100 % /m);
    expect((await look('stats --json')).out).toContain('"accepted":0');
  });
});
