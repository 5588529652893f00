// The log as evidence: its signed heads of the audit trail reveal later changes of the file.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../../src/simulator/app.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { dropGuards } from '../support/writable-views.ts';

const KEY = 'the-shop-key-0123456789';

test('the log reveals an audit trail that was truncated after the receiver stopped', async () => {
  const folder = temporaryFolder();
  const simulator = createSimulator();
  onTestFinished(() => simulator.close());
  const env = {
    CXONE_BASE_URL: (await simulator.listen()).url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1:1',
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
    APP_KEYS: `shop:${KEY}`,
    DATABASE_PATH: join(folder, 'receiver.db'),
  };
  const receiver = run(['start'], env);
  const { url } = JSON.parse(await receiver.line((line) => line.includes('"listening"')));
  for (let i = 0; i < 3; i += 1) {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/executions`, { method: 'POST', headers, body: '{"actionId":"charge"}' });
    expect(answer.status).toBe(202);
  }
  receiver.child.kill('SIGTERM');
  const { stdout, code } = await receiver.finished;
  expect(code).toBe(0);
  const log = join(folder, 'receiver.log');
  writeFileSync(log, stdout);

  const verify = () => run(['audit', 'verify', '--head', log], env).finished;
  const intact = await verify();
  expect([intact.code, intact.stderr]).toEqual([0, '']);
  const entries = Number(/holds from entry 1 to (\d+)/.exec(intact.stdout)?.[1]);
  expect(intact.stdout).toContain(`the newest of them entry ${entries},`);

  const sql = new Database(env.DATABASE_PATH);
  dropGuards(sql);
  sql.exec(`DELETE FROM audit_events WHERE id = ${entries}`);
  sql.close();
  const cut = await verify();
  expect(cut.code).toBe(1);
  expect(cut.stdout).toContain(`the tail was cut off: entry ${entries} is missing`);
});
