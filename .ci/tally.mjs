// Closes a run of CI: names each step, test and other check that failed, and counts the tests in one plain line at the end.
// A test that failed and passed when it was run again is unstable: it is named, and more than two of them fail the run.
// The folder has JSON reports of vitest, and outputs in which a line with "✗" at its start names what failed.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Of the first line of a message. */
const MAX_CHARS = 300;
const MAX_UNSTABLE = 2;

const [folder = ''] = process.argv.slice(2);
const files = readdirSync(folder).toSorted();
const read = (file) => readFileSync(join(folder, file), 'utf8');

/** Returns the tests of a file; one that could not be run is a failed test. */
function testsOf({ name: path, status, message, assertionResults }) {
  const file = relative('.', path);
  const tests = assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
    ...{ status, name: [file, ...ancestorTitles, title].join(' > ') },
    message: failureMessages?.[0] ?? '',
  }));
  const isBroken = status === 'failed' && !tests.some((test) => test.status === 'failed');
  return isBroken ? [...tests, { status, name: file, message: message ?? '' }] : tests;
}

const reports = files.filter((file) => file.endsWith('.json')).map((file) => JSON.parse(read(file)));
const tests = reports.flatMap(({ testResults }) => testResults.flatMap(testsOf));
const count = (status) => tests.filter((test) => test.status === status).length;
const [passed, failed] = [count('passed'), count('failed')];
// Vitest keeps the messages of the attempts before.
const unstable = tests.filter(({ status, message }) => status === 'passed' && message !== '');
const skipped = tests.length - passed - failed;

const outputs = files.filter((file) => !file.endsWith('.json'));
const others = new Set(outputs.flatMap((file) => read(file).match(/^✗.*$/gm) ?? []));
const named = (mark, { name, message }) => `${mark} ${name}\n    ${message.split('\n', 1)[0].slice(0, MAX_CHARS)}`;
const lines = [
  ...unstable.map((test) => named('~ unstable, passed when it was run again:', test)),
  ...others,
  ...tests.filter(({ status }) => status === 'failed').map((test) => named('✗', test)),
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
];
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exitCode = passed > 0 && failed === 0 && unstable.length <= MAX_UNSTABLE ? 0 : 1;
