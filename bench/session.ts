// What every run of a bench has: an orderly end on Ctrl-C, a folder that is deleted at the end, and a part of a page that it replaces.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Aborts at the first SIGINT or SIGTERM, so that everything stops in order; the second one ends the process immediately. */
export function onInterrupt(): AbortSignal {
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(130);
    process.stderr.write('stopping; a second signal ends immediately\n');
    interrupted.abort(new Interrupted('interrupted'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return interrupted.signal;
}

/** Returns a folder that is deleted when this process ends. */
export function scratchIn(out: string): string {
  mkdirSync(out, { recursive: true });
  const scratch = mkdtempSync(join(out, 'scratch-'));
  // PostgreSQL may have to run as another user, who must be able to traverse to its folder.
  chmodSync(scratch, 0o711);
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));
  return scratch;
}

/** Replaces the text between the markers `<!-- name -->` and `<!-- /name -->` of a page. @throws Error without markers. */
export async function replaceResults(path: string, name: string, results: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [opening, closing] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [begin, end] = [text.indexOf(opening), text.indexOf(closing)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no place between <!-- ${name} --> and <!-- /${name} -->`);
  await writeFile(path, `${text.slice(0, begin + opening.length)}${results}${text.slice(end)}`);
}
