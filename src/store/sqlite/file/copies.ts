// Finds copies of content beside the database: those from before upgrades and from a rescue, and logs that were put aside.

import { readdirSync, statSync } from 'node:fs';
import { join, parse } from 'node:path';
import { withCommandName } from '../../../lib/command-name.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { foreignWalName } from './foreign-wal.ts';

/** @param file the real path of the database */
export function copiesBeside(file: string): string[] {
  const { name, base } = parse(file);
  return namesBeside(file, [`${name}-before-upgrade-from-`, `${name}-rescue-`, foreignWalName(base)]);
}

/**
 * A start without the file would create an empty database, as if nothing had been accepted.
 * @throws {DatabaseRefused} if the file is missing or empty and a rescue copy of it lies beside it.
 */
export function refuseLostFile(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  const rescue = namesBeside(file, [`${parse(file).name}-rescue-`]).at(-1);
  // promise: lost-file-is-not-replaced-by-an-empty-one
  if (rescue === undefined) return;
  const restore = rescue.endsWith('.db')
    ? `move ${file}* aside, and run ${withCommandName(`npm run -s restore -- --send-queued ${rescue}`)}`
    : `restore a backup; what was open is in ${rescue}`;
  throw new DatabaseRefused(
    `${file} is missing or empty, and ${rescue} was saved when it was lost: ${restore}. To start with an empty database, move that copy away`,
  );
}

function namesBeside(file: string, stems: readonly string[]): string[] {
  const { dir } = parse(file);
  const names = readdirSync(dir).filter((found) => stems.some((stem) => found.startsWith(stem)));
  return names.toSorted().map((found) => join(dir, found));
}
