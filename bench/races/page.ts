// The results as Markdown: what ran, how the roles map, and one table for each race.

import { type Outcome, RACE_NAMES, RACES, type Report } from './races.ts';

/** Returns the part of docs/comparison.md that is generated. */
export function markdown(reports: readonly Report[]): string {
  return [mappings(reports), ...RACE_NAMES.map((race) => tableOf(race, reports))].join('\n\n');
}

function mappings(reports: readonly Report[]): string {
  const rows = reports.map(({ name, versions, mapping, at }) => {
    const { execution, sender, waiter, operator } = mapping;
    return rowOf([`**${name}** ${versions}, ${at.slice(0, 10)}`, execution, sender, waiter, operator]);
  });
  return table(['', 'an execution', 'the sender', 'the waiter', 'the operator'], rows);
}

function tableOf(race: (typeof RACE_NAMES)[number], reports: readonly Report[]): string {
  const rows = reports.map(({ name, races }) => rowOf([name, ...cellsOf(races[race])]));
  return `### ${RACES[race]}\n\n${table(['', 'response to the sender', 'result for the waiter', 'seen by an operator'], rows)}`;
}

function cellsOf(outcome: Outcome): readonly string[] {
  if ('notMeasured' in outcome) return [`not measured: ${outcome.notMeasured}`, '', ''];
  return [outcome.sender, outcome.waiter, outcome.operator];
}

function table(names: readonly string[], rows: readonly string[]): string {
  return [rowOf(names), rowOf(names.map(() => '---')), ...rows].join('\n');
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
