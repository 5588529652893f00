// Finds the tags of the mutations in the source.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tagsIn } from './edit.ts';

/** Returns the files of each tag below `root`; a file that contains a tag twice is listed twice. */
export function taggedFiles(root: string): Map<string, readonly string[]> {
  const files = new Map<string, readonly string[]>();
  for (const file of globSync(['src/**/*.ts', 'bench/**/*.ts'], { cwd: root })) {
    for (const tag of tagsIn(readFileSync(join(root, file), 'utf8'))) files.set(tag, [...(files.get(tag) ?? []), file]);
  }
  return files;
}
