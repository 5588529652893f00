// The demo of several receivers, in a shortened form: a receiver and the database are killed, and every fate ends as it states.

import { expect, test, vi } from 'vitest';
import { findPostgres } from '../../src/demo/cluster/postgres-server.ts';
import { runDemo } from '../../src/demo/command.ts';

test.skipIf(findPostgres() === null)(
  'three receivers on PostgreSQL: one of them and the database are killed midway, and every execution ends as its fate says',
  async () => {
    let out = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text);
      return true;
    });
    const fates = ['callback', 'lost-callback', 'refused-422', 'cancelled'];
    const isAsExpected = await runDemo({ serve: false, seed: 'short', cluster: { canDownload: false }, fates });
    vi.restoreAllMocks();
    expect(out).toContain('All 36 executions ended as expected.');
    expect(out).toMatch(/kill-of-the-receiver +6 +COMPLETED +COMPLETED +callback/);
    expect(out).toMatch(
      /The receiver that sends to CXone was killed midway; requests were answered again after [\d.]+ s\./,
    );
    expect(out).toMatch(/The database was killed midway; requests were answered again after [\d.]+ s\./);
    expect(isAsExpected).toBe(true);
  },
);
