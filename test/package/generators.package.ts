// Public generators of TypeScript make types from the OpenAPI document: what the README submits compiles with them.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { openApiDocument } from '../../src/http/operations.ts';

const { checkers } = inject('installation');

const run = (command: string, ...args: readonly string[]) => {
  try {
    return execFileSync(process.execPath, [join(checkers, 'node_modules', command), ...args], {
      cwd: checkers,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(stdout + stderr);
  }
};

/** The body of the first submission that the README shows. */
const SMALLEST = /-d '(\{"actionId":.*\})'/.exec(
  readFileSync(new URL('../../README.md', import.meta.url), 'utf8'),
)?.[1];

const GENERATED = {
  'openapi-typescript': {
    file: 'openapi-typescript.ts',
    generate: () => run('openapi-typescript/bin/cli.js', 'openapi.json', '-o', 'openapi-typescript.ts'),
    names: `import type { components } from './openapi-typescript.js';
type Submission = components['schemas']['Submission'];
type Batch = components['schemas']['Batch'];
type Replay = components['schemas']['Replay'];
type Execution = components['schemas']['Execution'];`,
  },
  '@hey-api/openapi-ts': {
    file: 'hey-api/types.gen.ts',
    generate: () =>
      run('@hey-api/openapi-ts/bin/run.js', '-i', 'openapi.json', '-o', 'hey-api', '-p', '@hey-api/typescript'),
    names: `import type { Batch, Execution, Replay, Submission } from './hey-api/types.gen.js';`,
  },
};

const usage = (names: string) => `${names}
export const readme: Submission = ${SMALLEST};
export const smallest: Submission = { actionId: 'look-up' };
export const batch: Batch = { executions: [smallest, readme] };
export const replay: Replay = {};
export const read = ({ correlationId, status, pollCount, resolvedAt }: Execution): [string, string, number, string | null] => [
  correlationId, status, pollCount, resolvedAt,
];
// @ts-expect-error actionId is required
export const without: Submission = { inputs: {} };
// @ts-expect-error a number is required
export const wrong: Submission = { actionId: 'look-up', timeoutSeconds: '30' };
`;

beforeAll(() => writeFileSync(join(checkers, 'openapi.json'), JSON.stringify(openApiDocument())));

test.each(Object.entries(GENERATED))(
  'with types of %s, the smallest submission compiles',
  (name, generator) => {
    expect(SMALLEST).toBeDefined();
    generator.generate();
    expect(readFileSync(join(checkers, generator.file), 'utf8')).toContain('actionId');
    const file = join(checkers, `use-${name.replaceAll(/\W/g, '-')}.ts`);
    writeFileSync(file, usage(generator.names));
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--typeRoots', 'none'];
    expect(run('typescript/bin/tsc', ...flags, file)).toBe('');
  },
  300_000,
);
