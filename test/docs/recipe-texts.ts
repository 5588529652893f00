// The SQL recipes of docs/sql.md.

import { readFileSync } from 'node:fs';

export const PAGE = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8');

/** By name. Each block of SQL follows a line `<!-- recipe: name -->`. */
export const RECIPES = new Map(
  [...PAGE.matchAll(/<!-- recipe: ([a-z ]+) -->\n+```sql\n(.*?)```/gs)].map(([, name = '', sql = '']) => [name, sql]),
);

/** The queries in code on the runbook. */
export const RUNBOOK_QUERIES = [
  ...readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8').matchAll(/`(SELECT [^`]+)`/g),
].map(([, query = '']) => query.replaceAll(/\s+/g, ' '));

/** Returns a recipe with the replacements that the page states. */
export const forPostgres = (recipe: string): string =>
  recipe
    .replaceAll(/json_extract\((\w+), '\$\.(\w+)'\)/g, "json_member($1, '$2')")
    .replaceAll(/CAST\((\S+) AS TEXT\)/g, "encode($1, 'escape')");
