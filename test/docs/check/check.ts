// Runs the commands of a page in a fresh copy of the repository, and reports each that does not do what the page shows.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Command, commandsOf, type Fault } from './commands.ts';
import { MARKS } from './marks.ts';
import { differenceFrom } from './output.ts';
import { fillIn, needsValues, wordsWithoutValue } from './reader.ts';
import type { Stage } from './stage.ts';

export interface PageReport {
  readonly faults: readonly Fault[];
  readonly ran: number;
  readonly notRun: readonly Command[];
}

/** Commands that run until a signal, with the output that shows that they are ready. */
const LASTING: readonly { readonly command: RegExp; readonly ready: string; readonly isReceiver: boolean }[] = [
  {
    command: /^(?:npm start|npm run dev|node .*src\/main\.ts start|npx cxone-callback-receiver start)$/,
    ready: '"msg":"listening"',
    isReceiver: true,
  },
  { command: /^npm run simulator(?: -- (?!--help).*)?$/, ready: '127.0.0.1:', isReceiver: false },
  { command: /^npm run demo -- --serve$/, ready: 'Open in a browser', isReceiver: false },
  { command: /^npm run watch$/, ready: 'LAST', isReceiver: false },
  { command: /^npm run audit -- tail$/, ready: 'EVENT', isReceiver: false },
];

/** A comment of the shell explains the command to the reader. */
const withoutComment = (text: string): string => text.replace(/\s+# .*$/, '');

const lastingOf = (text: string) => LASTING.find(({ command }) => command.test(withoutComment(text)));

/** What can be found without running anything. */
export function faultsOf(page: string, markdown: string): { commands: readonly Command[]; faults: readonly Fault[] } {
  const { commands, faults } = commandsOf(page, markdown);
  const open = commands.flatMap((command) => {
    const word =
      command.notRun === null && command.language === 'sh' ? wordsWithoutValue(withoutComment(command.text)) : null;
    if (word === null) return [];
    const message = `"${word}" is not what a reader can type. Write the command in full, give the word a value in test/docs/check/reader.ts, or mark the
command: ${MARKS}`;
    return [faultOf(command, message)];
  });
  return { commands, faults: [...faults, ...open] };
}

const faultOf = ({ page, line, text }: Command, message: string): Fault => ({
  page,
  line,
  command: withoutComment(text),
  message,
});

/** A run of the check. */
export interface CheckRun {
  readonly stage: Stage;
  /** The code in the text of pages that ran: it runs once, however many pages show it. */
  readonly seen: Set<string>;
  /** Called before each command. */
  readonly begin: (command: Pick<Command, 'page' | 'line' | 'text'>) => void;
  /** Gets a line for each command. */
  readonly report: (line: string) => void;
}

export async function checkPage(page: string, markdown: string, run: CheckRun): Promise<PageReport> {
  const { commands, faults: shown } = faultsOf(page, markdown);
  const wrong = new Set(shown.map(({ line }) => line));
  const faults = [...shown];
  let ran = 0;
  // Code in the text is a group of its own.
  for (const group of Map.groupBy(commands, ({ block }) => block ?? {}).values()) {
    const runnable = group.filter(
      (command) => command.notRun === null && !wrong.has(command.line) && isNew(command, run),
    );
    ran += runnable.length;
    faults.push(...(await checkGroup(runnable, run)));
  }
  await run.stage.endPage().catch((error: Error) => {
    const line = markdown.split('\n').length;
    faults.push({ page, line, command: 'the end of the page', message: error.message });
  });
  return { faults, ran, notRun: commands.filter(({ notRun }) => notRun !== null) };
}

function isNew({ block, text }: Command, { seen }: CheckRun): boolean {
  if (block !== null) return true;
  const isRepeated = seen.has(text);
  seen.add(text);
  return !isRepeated;
}

/** Runs commands in one folder, one after the other. */
async function checkGroup(group: readonly Command[], { stage, begin, report }: CheckRun): Promise<Fault[]> {
  const faults: Fault[] = [];
  let folder = stage.folder;
  try {
    await makeDatabase(group, stage);
    // Before the first one runs, because it may take away what a value is made from.
    const texts = new Map<Command, string>();
    for (const command of group) {
      begin(command);
      texts.set(command, await filledIn(command, stage));
    }
    for (const [command, text] of texts) {
      begin(command);
      const began = Date.now();
      const ended = await runOne(command, text, { folder, stage }).catch((error: Error) => ({
        fault: error.message,
        folder,
      }));
      folder = ended.folder;
      if (ended.fault !== null) faults.push(faultOf(command, ended.fault));
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      report(`${command.page}:${command.line}  ${seconds} s  ${withoutComment(command.text)}`);
    }
  } catch (error) {
    for (const command of group.slice(0, 1)) faults.push(faultOf(command, (error as Error).message));
  }
  return faults;
}

/** Where a page states that the receiver is stopped, it has run before. */
async function makeDatabase(group: readonly Command[], stage: Stage): Promise<void> {
  if (group.some(({ withReceiver }) => withReceiver === false)) await stage.prepare({ packages: true, receiver: true });
}

async function filledIn(command: Command, stage: Stage): Promise<string> {
  if (command.language === 'sql') return command.text;
  if (needsValues(command.text)) await stage.prepare({ packages: true, receiver: true });
  return fillIn(withoutComment(command.text), stage);
}

interface Surroundings {
  readonly folder: string;
  readonly stage: Stage;
}

/** @returns what is wrong, or null, and the folder of the next command. */
async function runOne(
  command: Command,
  text: string,
  { folder, stage }: Surroundings,
): Promise<{ fault: string | null; folder: string }> {
  if (command.language === 'sql') {
    await stage.prepare({ packages: true, receiver: true });
    return { fault: sqlFault(text, join(stage.folder, 'data/receiver.db')), folder };
  }
  const isInstallation = text.startsWith('npm ci');
  const kind = lastingOf(command.text);
  const byDefault = command.block === null ? true : null;
  const receiver = kind?.isReceiver || isInstallation ? false : (command.withReceiver ?? byDefault);
  await stage.prepare({ packages: !isInstallation, receiver });
  if (kind !== undefined) {
    const started = stage.shell.start(text, folder);
    await started.until(kind.ready);
    // Later commands of the page need a receiver, and no other program of its reader.
    if (kind.isReceiver) stage.adopt(started);
    else await started.stop();
    return { fault: null, folder };
  }
  const { code, stdout, stderr, folder: next } = await stage.shell.run(text, folder);
  if (text === 'cp .env.example .env') stage.setVariables();
  if (code === null || !command.exitCodes.includes(code))
    return { fault: `it ended with exit code ${code}:\n${stdout}${stderr}`.trimEnd(), folder: next };
  return { fault: command.output === null ? null : differenceFrom(command.output, stdout), folder: next };
}

function sqlFault(text: string, path: string): string | null {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare(text.replaceAll('…', 'x')).all();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    database.close();
  }
}
