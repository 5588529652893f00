// `npm run docs:check`: runs every command of README.md and of the pages of docs/. Arguments choose pages.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGES, read } from '../pages.ts';
import { checkPage } from './check.ts';
import type { Command, Fault } from './commands.ts';
import { setStage } from './stage.ts';

/** The run ends then, whatever it waits for. Without other work on the machine it takes a sixth of that. */
const MAX_RUN_MS = 1_800_000;

const FIRST = ['README.md', 'docs/quick-start.md'];
const CHECKED = [...FIRST, ...PAGES.filter((page) => page.startsWith('docs/') && !FIRST.includes(page))];

const print = (line: string) => void process.stdout.write(`${line}\n`);

const described = ({ page, line, command, message }: Fault): string =>
  `\n✗ ${page}:${line}: ${command}\n  ${message.replaceAll('\n', '\n  ')}`;

async function main(chosen: readonly string[]): Promise<boolean> {
  const unknown = chosen.filter((page) => !CHECKED.includes(page));
  if (unknown.length > 0)
    throw new Error(`these are not pages: ${unknown.join(', ')}. The pages are ${CHECKED.join(', ')}`);
  const began = Date.now();
  const scratch = mkdtempSync(join(tmpdir(), 'cxone-docs-check-'));
  const faults: Fault[] = [];
  const notRun: Command[] = [];
  let ran = 0;
  const stage = await setStage(scratch);
  let current = 'no command yet';
  const begin = ({ page, line, text }: Pick<Command, 'page' | 'line' | 'text'>) => {
    current = `${page}:${line}: ${text}`;
  };
  const run = { stage, seen: new Set<string>(), begin, report: print };
  const limit = setTimeout(() => {
    print(`\n✗ The check did not end within ${MAX_RUN_MS / 60_000} min. It was at ${current}`);
    void stage.shell.close().finally(() => process.exit(1));
  }, MAX_RUN_MS);
  try {
    for (const page of chosen.length > 0 ? chosen : CHECKED) {
      const result = await checkPage(page, read(page), run);
      faults.push(...result.faults);
      // At once, so that a run that is ended early has shown them.
      for (const fault of result.faults) print(described(fault));
      notRun.push(...result.notRun);
      ran += result.ran;
    }
  } finally {
    await stage.close();
    clearTimeout(limit);
    rmSync(scratch, { recursive: true, force: true });
  }
  const reasons = Map.groupBy(notRun, (command) => command.notRun ?? '');
  print(
    `\n${ran} commands ran in ${Math.round((Date.now() - began) / 1000)} s. ${notRun.length} are marked as not run:`,
  );
  for (const [reason, commands] of reasons)
    print(`  ${reason}: ${[...new Set(commands.map(({ text }) => text))].join(' · ')}`);
  for (const fault of faults) print(described(fault));
  print(faults.length === 0 ? '\nEvery command does what the pages state.' : `\n${faults.length} faults.`);
  return faults.length === 0;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
