// A process that runs tests in one copy of the project, its working directory. Its vitest stays, so that each file is transformed once.

import { join } from 'node:path';
import { createVitest } from 'vitest/node';
import { reasonOf } from '../../src/lib/log.ts';

export interface Order {
  readonly tests: readonly string[];
  /** Part of the titles of the tests to run; default: all. */
  readonly title?: string | undefined;
  /** A file that differs from the previous run, or will differ from the next one; null if there is none. */
  readonly edited: string | null;
}

/** The titles of the tests that failed, or why the tests could not be run. */
export type Report = { readonly failed: readonly string[] } | { readonly error: string };

/** The time limit of a fast test, which takes seconds at most: a mutation that lets a test wait for ever is detected by it. */
const MAX_TEST_MS = 30_000;

const root = process.cwd();
const vitest = await createVitest({ root, watch: false, bail: 1, project: ['unit', 'slow'], reporters: [{}] });
await vitest.standalone();
for (const { name, config } of vitest.projects) if (name === 'unit') config.testTimeout = MAX_TEST_MS;

/** Stops at the first test that fails. Vitest starts new processes for each run, so that no module of a former run stays. */
async function run({ tests, title, edited }: Order): Promise<Report> {
  const paths = tests.map((test) => join(root, test));
  const specifications = paths.flatMap((path) => vitest.getModuleSpecifications(path));
  // Vitest keeps the specifications, so that the pattern of a former run would stay.
  const testNamePattern = new RegExp(RegExp.escape(title ?? ''));
  for (const one of specifications) one.testNamePattern = testNamePattern;
  if (edited !== null) vitest.invalidateFile(join(root, edited));
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  if (edited !== null) vitest.invalidateFile(join(root, edited));
  // Modules of former runs are among them.
  const modules = testModules.filter(({ moduleId }) => paths.includes(moduleId));
  const ran = modules.flatMap(({ children }) => [...children.allTests('passed'), ...children.allTests('failed')]);
  if (ran.length === 0) {
    const errors = [...modules.flatMap((module) => module.errors()), ...unhandledErrors].map(reasonOf);
    return { error: `no test ran: ${errors.join('; ')}` };
  }
  return { failed: modules.flatMap(({ children }) => [...children.allTests('failed')].map(({ name }) => name)) };
}

process.on('message', async (order: Order) => {
  const report = await run(order).catch((error): Report => ({ error: reasonOf(error) }));
  process.send?.(report);
});
// With its servers, which would leave their folders behind.
process.once('disconnect', () => vitest.close().finally(() => process.exit()));
process.send?.('ready');
