// Closes a test run with one plain line, counted from vitest's JSON report; a file that could not be run counts as a failure.

import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const outcomes = testResults.flatMap(({ status, assertionResults }) => {
  const tests = assertionResults.map((test) => test.status);
  return status === 'failed' && !tests.includes('failed') ? [...tests, 'failed'] : tests;
});
const count = (...statuses) => outcomes.filter((status) => statuses.includes(status)).length;

const passed = count('passed');
const failed = count('failed');
const skipped = outcomes.length - passed - failed;
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
