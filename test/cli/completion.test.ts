// The completion scripts: bash completes by them, and each shell gets every command.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { COMMAND_NAMES } from '../../src/cli/program.ts';
import { command } from './harness.ts';

test.each(['bash', 'zsh', 'fish'])('the script for %s has every command', async (shell) => {
  const { code, out } = await command(`completion ${shell}`);
  expect(code).toBe(0);
  for (const name of COMMAND_NAMES) expect(out).toContain(name);
});

test.each([
  ['ex', 'executions'],
  ['executions l', 'list'],
  ['executions list --st', '--status'],
  ['executions list --status T', 'TIMEOUT'],
  ['completion z', 'zsh'],
])('bash completes "%s" to "%s"', async (line, expected) => {
  const { out } = await command('completion bash');
  const words = ['cxone-callback-receiver', ...line.split(' ')];
  const script = `${out}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _cxone_callback_receiver; echo "\${COMPREPLY[*]}"`;
  expect(execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })).toBe(`${expected}\n`);
});
