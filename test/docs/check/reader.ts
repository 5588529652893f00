// What a reader puts in the place of a word in capitals, for example of the ID in `npm run executions -- show ID`.

import { copyFileSync, globSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventually } from './eventually.ts';
import type { Ended } from './shell.ts';
import type { Stage } from './stage.ts';

interface Value {
  /** The command in which the word stands. */
  readonly command: RegExp;
  readonly word: string;
  readonly find: (stage: Stage) => Promise<string> | string;
}

const TIME = '2026-11-22T20-30-00-000Z';
/** The name that docs/upgrading.md gives as an example. */
const COPY = `receiver-before-upgrade-from-0001-${TIME}.db`;

const ENDED = /^COMPLETED$/;
const fate = (name: string, more: object = {}) => ({ inputs: { simulate: name }, ...more });

/** An execution that CXone runs for longer than the check. */
const open = (stage: Stage) =>
  stage.submit({ inputs: { simulate: { fate: 'slow-run', runMs: 600_000 } }, graceSeconds: 600 }, /^PENDING$/);
const ended = (stage: Stage) => stage.submit(fate('callback'), ENDED);

/** The id of the first item of a list that is not empty. */
const firstOf = (stage: Stage, path: string): Promise<string> =>
  eventually(path, async () => (await stage.call('GET', path)).items[0]?.id ?? null);

const deadLetter = async (stage: Stage): Promise<string> => {
  await stage.submit(fate('callback', { notifyUrl: `${stage.appUrl}/hook` }), ENDED);
  return firstOf(stage, '/v1/notifications?status=DEAD');
};

/** Of several values of one word for a command, the first one counts. */
const VALUES: readonly Value[] = [
  { command: /./, word: 'YOUR_APP_KEY', find: ({ appKey }) => appKey },
  { command: /./, word: '{PUBLIC_URL}', find: ({ port }) => `http://127.0.0.1:${port}` },
  {
    command: /resume -- --action ID/,
    word: 'ID',
    find: async (stage) => {
      await stage.call('POST', '/v1/pauses', { actionId: 'charge-card' });
      return 'charge-card';
    },
  },
  { command: /--action ID/, word: 'ID', find: () => 'charge-card' },
  { command: /--(?:app|by) NAME/, word: 'NAME', find: () => 'my-app' },
  { command: /executions -- submit ACTION/, word: 'ACTION', find: () => 'charge-card' },
  { command: /executions -- (?:poll|cancel) ID/, word: 'ID', find: open },
  { command: /executions -- (?:show|erase|hold) ID/, word: 'ID', find: ended },
  {
    command: /executions -- release ID/,
    word: 'ID',
    find: async (stage) => {
      const id = await ended(stage);
      await stage.call('POST', `/v1/executions/${id}/hold`, { reason: 'the docs' });
      return id;
    },
  },
  {
    command: /executions -- resubmit ID/,
    word: 'ID',
    find: (stage) => stage.submit(fate('refused-422'), /^REJECTED$/),
  },
  { command: /executions -- reread ID/, word: 'ID', find: (stage) => stage.submit(fate('garbled-callback'), ENDED) },
  { command: /notifications -- replay ID/, word: 'ID', find: deadLetter },
  { command: /endpoints -- /, word: 'APP', find: () => 'my-app' },
  {
    command: /endpoints -- /,
    word: 'ENDPOINT',
    find: async (stage) => {
      await deadLetter(stage);
      return stage.appUrl;
    },
  },
  {
    command: /--acknowledge ID/,
    word: 'ID',
    find: async (stage) => {
      await deadLetter(stage);
      return firstOf(stage, '/v1/incidents');
    },
  },
  { command: /backup -- PATH/, word: 'PATH', find: ({ folder }) => freshPath(folder, 'backup.db') },
  {
    command: /restore -- BACKUP/,
    word: 'BACKUP',
    find: (stage) => backupOf(stage).then((path) => moveAway(stage, path)),
  },
  {
    command: /receiver-rescue-TIME\.db/,
    word: 'TIME',
    find: (stage) => backupOf(stage, `receiver-rescue-${TIME}.db`).then(() => TIME),
  },
  { command: /restore/, word: COPY, find: (stage) => earlierDatabase(stage) },
  { command: /verify FILE\.ndjson/, word: 'FILE.ndjson', find: exported },
  { command: /import FILE/, word: 'FILE', find: exported },
  { command: /import FILE/, word: 'NEW.db', find: ({ folder }) => freshPath(folder, 'new.db') },
  { command: /profile -- check FILE/, word: 'FILE', find: () => BUILT_IN_PROFILE },
  { command: /RECORDING/, word: 'RECORDING', find: recording },
];

const BUILT_IN_PROFILE = 'src/cxone/profiles/cxone.json';

let counter = 0;
function freshPath(folder: string, name: string): string {
  counter += 1;
  const made = join(folder, 'data', String(counter));
  mkdirSync(made, { recursive: true });
  return join(made, name);
}

async function backupOf({ shell, folder }: Stage, name?: string): Promise<string> {
  const path = name === undefined ? freshPath(folder, 'backup.db') : join(folder, 'data', name);
  await succeed(shell.run(`npm run -s backup -- ${path}`, folder));
  return path;
}

/** As the page requests: the receiver is stopped, and the old file is moved away. */
async function moveAway(stage: Stage, path: string): Promise<string> {
  await stage.prepare({ packages: true, receiver: false });
  const away = join(stage.folder, 'data/away');
  mkdirSync(away, { recursive: true });
  for (const file of globSync('data/receiver.db*', { cwd: stage.folder }))
    renameSync(join(stage.folder, file), join(away, basename(file)));
  return path;
}

function earlierDatabase({ folder }: Stage): string {
  copyFileSync(join(folder, 'test/upgrade/0001.db'), join(folder, 'data', COPY));
  return COPY;
}

async function exported({ shell, folder }: Stage): Promise<string> {
  const path = freshPath(folder, 'audit.ndjson');
  await succeed(shell.run(`npm run -s audit -- export --out ${path}`, folder));
  return path;
}

/** A receiver records into a file of its own: here, one execution that has ended. */
async function recording(stage: Stage): Promise<string> {
  copyFileSync(join(stage.folder, BUILT_IN_PROFILE), join(stage.folder, 'tenant.json'));
  await stage.prepare({ packages: true, receiver: false });
  await stage.prepare({ packages: true, receiver: true });
  const newest = globSync('data/recordings/*.har.jsonl', { cwd: stage.folder }).sort().at(-1);
  if (newest === undefined) throw new Error('the receiver has made no recording');
  return newest;
}

async function succeed(running: Promise<Ended>): Promise<void> {
  const { code, stderr } = await running;
  if (code !== 0) throw new Error(stderr);
}

/** Quoted text is the reader's own, and so are the methods of HTTP. */
const OWN_TEXT = /'[^']*'|"[^"]*"|-X [A-Z]+|^(?:[A-Z_]+=\S* )+/g;
const LEFT_OPEN = /(?<![\w./=-])[A-Z][A-Z_]+\b(?![=\w])|\{[A-Z_]+\}|…|\[|\w\|\w/;

/** @returns the words in capitals that stand for something, and abbreviations, for which there is no value. */
export function wordsWithoutValue(text: string): string | null {
  const known = VALUES.filter(({ command }) => command.test(text)).reduce(
    (rest, { word }) => rest.replaceAll(word, 'x'),
    text,
  );
  return LEFT_OPEN.exec(known.replaceAll(OWN_TEXT, ''))?.[0] ?? null;
}

export function needsValues(text: string): boolean {
  return VALUES.some(({ command, word }) => command.test(text) && text.includes(word));
}

/** Puts the reader's own values into a command. */
export async function fillIn(text: string, stage: Stage): Promise<string> {
  let filled = text.replaceAll('127.0.0.1:8080', `127.0.0.1:${stage.port}`);
  for (const { command, word, find } of VALUES) {
    if (command.test(text) && filled.includes(word)) filled = filled.replaceAll(word, await find(stage));
  }
  return filled;
}
