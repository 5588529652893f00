// Finds copies of the database that the receiver itself put beside it: before upgrades, and to rescue a lost file.

import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';

/** @param file the real path of the database */
export function copiesBeside(file: string): string[] {
  const { dir, name } = parse(file);
  const stems = [`${name}-before-upgrade-from-`, `${name}-rescue-`];
  const names = readdirSync(dir).filter((found) => stems.some((stem) => found.startsWith(stem)));
  return names.toSorted().map((found) => join(dir, found));
}
