// Ends a run of tests with the number of tests in the suites that did not run.

import { globSync, readFileSync } from 'node:fs';
import type { Reporter, Vitest } from 'vitest/node';
import { SUITES, type Suite } from './suites.ts';
import { type Node, parse, visit } from './typescript-source.ts';

/** Returns the name at the start of `test`, `test.skipIf(…)` or `test.for(…)`. */
function rootName(node: Node): string | null {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return rootName(node.object);
  return node.type === 'CallExpression' ? rootName(node.callee) : null;
}

/** Returns the number of tests that a file declares; a table of cases counts as one. */
export function countTests(file: string, source: string): number {
  let count = 0;
  visit(parse(file, source), (node) => {
    if (node.type !== 'CallExpression' || rootName(node.callee) !== 'test') return;
    if (/^(Arrow)?FunctionExpression$/.test(node.arguments.at(-1)?.type ?? '')) count += 1;
  });
  return count;
}

const filesOf = ({ include, exclude = [] }: Suite, root: string): string[] => globSync(include, { cwd: root, exclude });

const countIn = (suite: Suite, root: string): number =>
  filesOf(suite, root).reduce((sum, file) => sum + countTests(file, readFileSync(`${root}/${file}`, 'utf8')), 0);

/** Reports only after a run of whole suites: a run of chosen files leaves out the rest on purpose. */
export function createLeftOutReporter(): Reporter {
  let vitest: Vitest | undefined;
  return {
    onInit: (started) => {
      vitest = started;
    },
    onTestRunEnd: (modules) => {
      if (vitest === undefined) return;
      const { root } = vitest.config;
      const names = new Set(vitest.projects.map(({ name }) => name));
      const suites = Object.entries(SUITES);
      const ran = suites.filter(([name]) => names.has(name)).flatMap(([, suite]) => filesOf(suite, root));
      const leftOut = suites.filter(([name]) => !names.has(name)).map(([, suite]) => suite);
      if (leftOut.length === 0 || modules.length < ran.length) return;
      const counts = leftOut.map((suite) => ({ count: countIn(suite, root), command: suite.command }));
      const sum = counts.reduce((total, { count }) => total + count, 0);
      const lines = counts.map(({ count, command }) => `  ${String(count).padStart(4)}  ${command}`);
      vitest.logger.log([`Left out: ${sum} tests, which these commands run:`, ...lines, ''].join('\n'));
    },
  };
}
