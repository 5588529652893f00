// What the bench writes and publishes: the rows of measures that belong together, with a chart and a table in docs/benchmarks.md.

import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from './machine.ts';
import { type Row, verdict } from './measure.ts';
import { plot } from './plot.ts';
import { plotPostgres } from './postgres/plot.ts';
import { replaceResults } from './session.ts';
import { header, markdown } from './table.ts';

interface Publication {
  readonly has: (measure: string) => boolean;
  readonly results: string;
  /** Null: its figures stand in the text of a page. */
  readonly chart: Chart | null;
}

interface Chart {
  /** The marker in docs/benchmarks.md. */
  readonly marker: string;
  readonly picture: string;
  readonly plot: (rows: readonly Row[], machine: Machine) => string;
}

const OF_POSTGRES = 'postgres';
/** Measures that are taken only when they are named: one takes an hour, and both are about PostgreSQL's tables. */
export const ON_REQUEST: readonly string[] = ['snapshot', 'growth'];

const PUBLICATIONS: readonly Publication[] = [
  {
    has: (measure) => measure !== OF_POSTGRES && !ON_REQUEST.includes(measure),
    results: 'results.json',
    chart: { marker: 'bench', picture: 'results.svg', plot },
  },
  {
    has: (measure) => measure === OF_POSTGRES,
    results: 'postgres.json',
    chart: { marker: 'bench-postgres', picture: 'postgres.svg', plot: plotPostgres },
  },
  { has: (measure) => ON_REQUEST.includes(measure), results: 'growth.json', chart: null },
];

/** Returns whether publishing these measures loses no row: each publication has all of its measures or none. */
export function areWhole(chosen: readonly string[], all: readonly string[]): boolean {
  return PUBLICATIONS.every(({ has }) => {
    const own = all.filter(has);
    const kept = own.filter((measure) => chosen.includes(measure)).length;
    return kept === 0 || kept === own.length;
  });
}

export interface Report {
  readonly machine: Machine;
  /** The rows of each measure, by its name. */
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

/** Writes results and charts into the folder, also to bench/ and docs/benchmarks.md if they are published. Returns the paths in the folder. */
export async function writeResults(
  { machine, rows: all }: Report,
  { out, publish }: { readonly out: string; readonly publish: boolean },
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { has, results, chart } of PUBLICATIONS) {
    const names = [...all.keys()].filter(has);
    if (names.length === 0) continue;
    const rows = names.flatMap((name) => all.get(name) ?? []);
    const json = join(out, results);
    await writeFile(json, resultsOf({ machine }, rows));
    paths.push(json);
    if (publish) await copyFile(json, shown(results));
    if (chart === null) continue;
    const { marker, picture, plot: plotted } = chart;
    const svg = join(out, picture);
    await writeFile(svg, plotted(rows, machine));
    paths.push(svg);
    if (!publish) continue;
    await copyFile(svg, shown(picture));
    await replaceResults(shown('../docs/benchmarks.md'), marker, `${header(machine)}\n\n${markdown(rows)}`);
  }
  return paths;
}

/** Returns the JSON of a report. `about`: what was measured, and where. */
export function resultsOf(about: object, rows: readonly Row[]): string {
  const results = {
    at: new Date().toISOString(),
    ...about,
    rows: rows.map((row) => ({ ...row, verdict: verdict(row) })),
  };
  return `${JSON.stringify(results, null, 2)}\n`;
}

function shown(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
