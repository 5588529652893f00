#!/usr/bin/env node

// The entry point: runs the command line of this process.

import { keepCompiledModules } from './lib/compiled-modules.ts';

// Before the other modules are imported.
keepCompiledModules();
const { contextOfProcess, endAsPid1 } = await import('./cli/process-context.ts');
const { runCommand } = await import('./cli/program.ts');

endAsPid1();
try {
  process.exitCode = await runCommand(process.argv.slice(2), contextOfProcess(process.env));
} catch (error) {
  // The stack is useful only for defects of this program; other messages explain themselves.
  const isDefect = [TypeError, RangeError, ReferenceError, SyntaxError].some((type) => error instanceof type);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${isDefect ? stack : message}\n`);
  process.exit(1);
}
