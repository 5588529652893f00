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
  /** The marker in docs/benchmarks.md. */
  readonly marker: string;
  readonly results: string;
  readonly picture: string;
  readonly plot: (rows: readonly Row[], machine: Machine) => string;
}

const OF_POSTGRES = 'postgres';

const PUBLICATIONS: readonly Publication[] = [
  {
    has: (measure) => measure !== OF_POSTGRES,
    ...{ marker: 'bench', results: 'results.json', picture: 'results.svg', plot },
  },
  {
    has: (measure) => measure === OF_POSTGRES,
    ...{ marker: 'bench-postgres', results: 'postgres.json', picture: 'postgres.svg', plot: plotPostgres },
  },
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
  for (const { has, marker, results, picture, plot } of PUBLICATIONS) {
    const names = [...all.keys()].filter(has);
    if (names.length === 0) continue;
    const rows = names.flatMap((name) => all.get(name) ?? []);
    const [json, svg] = [join(out, results), join(out, picture)];
    await writeFile(json, resultsOf({ machine }, rows));
    await writeFile(svg, plot(rows, machine));
    paths.push(json, svg);
    if (!publish) continue;
    await copyFile(json, shown(results));
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
