// The migrations of this version, and the schemas that they allow beside it.

import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../migrations/postgres');
const BREAKPOINT = '--> statement-breakpoint';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
  readonly statements: readonly string[];
  /** The lowest schema with which a receiver may serve after it; null for the first ones, which are older than this rule. */
  readonly lowest: number | null;
}

/** Returns the migrations in their order. */
export function readMigrations(): Migration[] {
  return files().map((file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const sha256 = createHash('sha256').update(text).digest('hex');
    const stated = /^-- Lowest schema that may serve: (\d+)\n/.exec(text);
    const lowest = stated === null ? null : Number(stated[1]);
    return { number: numberOf(file), name: basename(file, '.sql'), sha256, statements: text.split(BREAKPOINT), lowest };
  });
}

function files(): string[] {
  return globSync('*.sql', { cwd: FOLDER }).toSorted();
}

function numberOf(file: string): number {
  return Number(file.slice(0, 4));
}

/** The schema of this version: the number of its newest migration. */
export const SCHEMA = numberOf(files().at(-1) ?? '');
