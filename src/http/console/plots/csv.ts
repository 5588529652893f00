// The values of plots as CSV (RFC 4180).

import { csvLine } from '../../../lib/lines.ts';
import { respond } from '../../response/json.ts';

export type Cell = string | number | null | undefined;

export function csvOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns, ...rows].map((row) => csvLine(row.map((cell) => cell ?? null))).join('');
}

/** @param name of the file, without its ending. */
export function csvResponse(name: string, text: string): Response {
  return respond(200, text, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}.csv"`,
  });
}
