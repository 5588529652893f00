// The promises, each broken on purpose by one small change, and the tests that must notice.

export interface Mutation {
  /** The promise that is broken. */
  readonly breaks: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** At least one test of these files turns red. */
  readonly tests: readonly string[];
}

export const MUTATIONS: readonly Mutation[] = [
  {
    breaks: 'an answer is given only after the commit',
    file: 'src/store/sqlite/writer.ts',
    find: 'sql.commit.run();',
    replace: 'for (const done of settle) done();\n      sql.commit.run();',
    tests: ['test/store/sqlite/writer.test.ts'],
  },
  {
    breaks: 'a failed fsync is never acknowledged',
    file: 'src/store/sqlite/writer.ts',
    find: "if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CORRUPT')) {",
    replace: "if (code.startsWith('SQLITE_CORRUPT')) {",
    tests: ['test/store/sqlite/writer.test.ts'],
  },
  {
    breaks: 'commits survive a power failure (synchronous=FULL)',
    file: 'src/store/sqlite/open.ts',
    find: "setAndReadBack(client, 'synchronous', 'FULL', 2);",
    replace: "setAndReadBack(client, 'synchronous', 'NORMAL', 1);",
    tests: ['test/store/sqlite/store.test.ts'],
  },
  {
    breaks: 'one bad write does not take the others of its batch with it',
    file: 'src/store/sqlite/writer.ts',
    find: 'if (!db.inTransaction || concernsTheStore(error)) throw error;',
    replace: 'throw error;',
    tests: ['test/store/sqlite/writer.test.ts', 'test/store/sqlite/store.test.ts'],
  },
  {
    breaks: 'only whoever was given a callback URL can call it',
    file: 'src/callback-url.ts',
    find: 'return genuine ? asUuid',
    replace: 'return genuine || true ? asUuid',
    tests: ['test/callback-url.test.ts'],
  },
  {
    breaks: 'a callback names the execution that its URL was made for',
    file: 'src/execution/hearing.ts',
    find: 'own !== null && named !== own',
    replace: "own === ''",
    tests: ['test/execution/transition.test.ts'],
  },
  {
    breaks: 'a terminal status absorbs everything',
    file: 'src/execution/outcome.ts',
    find: 'if (!isTerminal(execution.status)) {',
    replace: "if (execution.status !== 'REJECTED') {",
    tests: ['test/execution/transition.property.test.ts'],
  },
  {
    breaks: 'a late result is kept',
    file: 'src/execution/outcome.ts',
    find: "outcome === 'late' ? {",
    replace: "outcome === 'duplicate' ? {",
    tests: ['test/execution/transition.test.ts'],
  },
  {
    breaks: 'what CXone may have received is not sent again',
    file: 'src/execution/sending.ts',
    find: 'execution.retryUncertain && event.retryAt !== null;',
    replace: 'event.retryAt !== null;',
    tests: ['test/execution/transition.property.test.ts'],
  },
  {
    breaks: 'a reset after the request left counts as perhaps received',
    file: 'src/cxone/journey.ts',
    find: 'if (journey.sent) return false;',
    replace: 'if (journey.sent) return true;',
    tests: ['test/cxone', 'test/stories/stories.test.ts'],
  },
  {
    breaks: 'CXone is asked once more at the deadline',
    file: 'src/sweep.ts',
    find: 'answer = await cxone.poll(execution);',
    replace: `answer = final
      ? { type: 'polled', httpStatus: 200, latencyMs: 0, news: { kind: 'progress', word: null, result: null, error: null } }
      : await cxone.poll(execution);`,
    tests: ['test/sweep.test.ts'],
  },
  {
    breaks: 'a last poll that never reached CXone is tried again',
    file: 'src/sweep.ts',
    find: 'if (final && answer.asked)',
    replace: 'if (final)',
    tests: ['test/sweep.test.ts'],
  },
  {
    breaks: 'a claim is a lease',
    file: 'src/store/sqlite/store.ts',
    find: 'for (const { reference } of rows) sql.lease.run({ reference, pollAt: toIso(leaseUntil) });',
    replace: '',
    tests: ['test/store/store.test.ts'],
  },
  {
    breaks: 'nothing is sent after its queue time-out',
    file: 'src/execution/sending.ts',
    find: 'if (execution.expireAt !== null && now >= execution.expireAt) return expired(execution, now);',
    replace: '',
    tests: ['test/execution/transition.test.ts', 'test/store/store.test.ts'],
  },
  {
    breaks: 'the queue is bounded',
    file: 'src/store/sqlite/store.ts',
    find: "if (backlog.total >= queueCapacity) return unchanged({ outcome: 'full' });",
    replace: '',
    tests: ['test/store/store.test.ts'],
  },
  {
    breaks: 'Retry-After is a floor',
    file: 'src/execution/schedule.ts',
    find: 'now + floorMs + ceiling * chance',
    replace: 'now + ceiling * chance',
    tests: ['test/dispatch.test.ts'],
  },
  {
    breaks: 'each event leaves its entry, also when it changes nothing',
    file: 'src/store/sqlite/store.ts',
    find: 'const columns = mutableColumns(execution);',
    replace: `if (execution === before) return { execution, outcome, entry: undefined as never };
    const columns = mutableColumns(execution);`,
    tests: ['test/store/store.test.ts'],
  },
  {
    breaks: 'the chain covers what an entry says',
    file: 'src/store/sqlite/chain.ts',
    find: '    row.detail,\n',
    replace: '',
    tests: ['test/store/sqlite/store.test.ts'],
  },
  {
    breaks: 'an app sees its own executions alone',
    file: 'src/http/executions.ts',
    find: 'caller.name === execution.app',
    replace: "caller.name !== ''",
    tests: ['test/http/authentication.test.ts'],
  },
  {
    breaks: 'numbers keep every digit',
    file: 'src/execution/json.ts',
    find: 'return MAY_LOSE_DIGITS.test(text) ? readJson(text) : value;',
    replace: 'return value;',
    tests: ['test/execution/json.test.ts'],
  },
];
