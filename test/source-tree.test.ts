// The limits that keep src/ easy to read: entries in a folder, lines in a file, lines and parameters of a function.

import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Node, parse, visit } from './support/typescript-source.ts';

const ROOT = fileURLToPath(new URL('../src', import.meta.url));
const MAX_ENTRIES = { '.': 22, http: 18, 'store/sqlite': 14 };
const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 80;
const MAX_PARAMETERS = 4;

/** Introduces, in a comment directly above a longer function, the reason for its length. */
const REASON = 'One function because';

interface SourceFunction {
  readonly name: string;
  readonly lines: number;
  readonly parameters: number;
  readonly hasReason: boolean;
}

/** Returns the comment lines directly above the line of an offset. */
function commentAbove(source: string, offset: number): string {
  const above = source.slice(0, source.lastIndexOf('\n', offset) + 1).trimEnd();
  const lines = above.split('\n');
  const first = lines.findLastIndex((line) => !/^\s*(\/\/|\/?\*)/.test(line)) + 1;
  return lines.slice(first).join('\n');
}

const nameOf = (source: string, offset: number): string => {
  const line = source.slice(source.lastIndexOf('\n', offset) + 1).split('\n')[0] ?? '';
  return /(?:function|const) (\w+)/.exec(line)?.[1] ?? line.trim();
};

function functionsIn(file: string, source: string): SourceFunction[] {
  const found: SourceFunction[] = [];
  visit(parse(file, source), (node: Node) => {
    const { type, start, end } = node;
    if (type !== 'FunctionDeclaration' && type !== 'FunctionExpression' && type !== 'ArrowFunctionExpression') return;
    found.push({
      name: `${file}: ${nameOf(source, start)}`,
      lines: source.slice(start, end).split('\n').length,
      parameters: node.params.length,
      hasReason: commentAbove(source, start).includes(REASON),
    });
  });
  return found;
}

const isTooLong = ({ lines, hasReason }: SourceFunction) => lines > MAX_FUNCTION_LINES && !hasReason;
const hasTooManyParameters = ({ parameters }: SourceFunction) => parameters > MAX_PARAMETERS;

/** An import of what Node has as a global, for example `Buffer`, gives the name no other meaning. */
const isSameGlobal = (node: Node) =>
  node.type === 'ImportDeclaration' && /^node:(?:buffer|process|timers|url|util)$/.test(String(node.source.value));

/** Yields the names that a pattern binds. */
function* boundNames(pattern: Node | null | undefined): Generator<string> {
  if (pattern?.type === 'Identifier') yield pattern.name;
  if (pattern?.type === 'AssignmentPattern') yield* boundNames(pattern.left);
  if (pattern?.type === 'RestElement') yield* boundNames(pattern.argument);
  if (pattern?.type === 'ArrayPattern') for (const element of pattern.elements) yield* boundNames(element);
  if (pattern?.type === 'ObjectPattern') {
    for (const property of pattern.properties) {
      yield* boundNames(property.type === 'RestElement' ? property.argument : property.value);
    }
  }
}

const GLOBALS = new Set(Object.getOwnPropertyNames(globalThis));

/** Yields the names that a node declares. */
function* declaredNames(node: Node): Generator<string> {
  if (node.type === 'VariableDeclarator') yield* boundNames(node.id);
  if (node.type === 'CatchClause') yield* boundNames(node.param);
  if ('params' in node && Array.isArray(node.params)) for (const one of node.params) yield* boundNames(one as Node);
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') yield* boundNames(node.id);
  if (node.type === 'ImportDeclaration' && !isSameGlobal(node)) {
    for (const { local } of node.specifiers) yield local.name;
  }
}

/** Returns the names of globals that the source gives another meaning. */
function shadowedGlobals(file: string, source: string): string[] {
  const names: string[] = [];
  visit(parse(file, source), (node: Node) => {
    names.push(...declaredNames(node));
  });
  return names.filter((name) => GLOBALS.has(name)).map((name) => `${file}: ${name}`);
}

const SOURCES = globSync('**/*.{ts,js}', { cwd: ROOT })
  .sort()
  .map((file) => ({ file, source: readFileSync(`${ROOT}/${file}`, 'utf8') }));
const FUNCTIONS = SOURCES.flatMap(({ file, source }) => functionsIn(file, source));

test.for(Object.entries(MAX_ENTRIES))('the folder %s has at most %i entries', ([folder, most]) => {
  expect(readdirSync(`${ROOT}/${folder}`).length).toBeLessThanOrEqual(most);
});

test('no committed file is empty: a program that a test starts may leave one in the working folder', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  expect(files.length).toBeGreaterThan(SOURCES.length);
  const isEmpty = (file: string) => statSync(`${root}/${file}`, { throwIfNoEntry: false })?.size === 0;
  expect(files.filter(isEmpty)).toEqual([]);
});

test('no folder and file of the same name are side by side', () => {
  const folders = new Set(globSync('**/', { cwd: ROOT }).map((path) => path.replace(/\/$/, '')));
  const names = SOURCES.map(({ file }) => file.replace(/\.\w+$/, ''));
  expect(folders.size).toBeGreaterThan(30);
  expect(names.filter((name) => folders.has(name))).toEqual([]);
});

test(`no file has more than ${MAX_FILE_LINES} lines`, () => {
  const long = SOURCES.filter(({ source }) => source.trimEnd().split('\n').length > MAX_FILE_LINES);
  expect(long.map(({ file }) => file)).toEqual([]);
});

test(`each file opens with a comment that states its purpose`, () => {
  expect(
    SOURCES.filter(({ source }) => !/^(#!.*\n\s*)?(\/\/|\/\*\*?) ?\S/.test(source)).map(({ file }) => file),
  ).toEqual([]);
});

test(`a function of more than ${MAX_FUNCTION_LINES} lines has the comment "${REASON} …" above it`, () => {
  expect(FUNCTIONS.length).toBeGreaterThan(1000);
  expect(FUNCTIONS.filter(isTooLong).map(({ name, lines }) => `${name} (${lines} lines)`)).toEqual([]);
});

test(`no function has more than ${MAX_PARAMETERS} positional parameters`, () => {
  expect(FUNCTIONS.filter(hasTooManyParameters).map(({ name }) => name)).toEqual([]);
});

test('no name of a global has another meaning', () => {
  expect(SOURCES.flatMap(({ file, source }) => shadowedGlobals(file, source))).toEqual([]);
});

test.for([
  "import { fetch } from 'undici';",
  'function listen(fetch) {}',
  'const open = ({ fetch, key }) => key;',
  'const { crypto: { fetch = null } } = tools;',
  'try { f(); } catch (Event) {}',
  'class Request {}',
])('a shadowed global is found: %s', (source) => {
  expect(shadowedGlobals('x.ts', source)).toHaveLength(1);
});

test('the measures see every kind of function', () => {
  const body = '\n'.repeat(MAX_FUNCTION_LINES);
  const measure = (source: string) => functionsIn('x.ts', source);
  expect(measure(`function long() {${body}}`).filter(isTooLong)).toMatchObject([{ name: 'x.ts: long', lines: 81 }]);
  expect(measure(`// It loops.\nconst long = () => {${body}};`).filter(isTooLong)).toHaveLength(1);
  expect(measure(`// ${REASON} it is a list.\nconst long = () => {${body}};`).filter(isTooLong)).toEqual([]);
  expect(
    measure(`/**\n * Returns it.\n * ${REASON} it is a list.\n */\nfunction long() {${body}}`).filter(isTooLong),
  ).toEqual([]);
  expect(measure('const f = { g(a, b, c, d, e) {} };').filter(hasTooManyParameters)).toHaveLength(1);
  expect(measure('const f = ({ a, b }, c, d, ...e) => a;').filter(hasTooManyParameters)).toEqual([]);
});
