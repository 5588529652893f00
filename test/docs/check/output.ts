// Compares what a command prints with what a page shows. Ids, times, durations, sizes and ports differ in each run.

import type { ShownOutput } from './commands.ts';

/** Stands for any text of a line; alone in a line, for any lines. */
const ANY = '…';

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  // Colours of a terminal.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with the control character ESC
  [/\u001b\[[\d;]*m/g, ''],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d\b/g, '<date>'],
  [/\b\d\d:\d\d:\d\d\b/g, '<time>'],
  [/\b\d+(?:[.,]\d+)* (?:ms|s|min|h|seconds?|minutes?)\b/g, '<duration>'],
  [/\b\d+(?:[.,]\d+)* ?(?:bytes|kB|KiB|MB|MiB|GB|GiB)\b/g, '<size>'],
  [/\b127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  // The widths of columns follow from their contents.
  [/ {2,}/g, '  '],
  [/─{2,}/g, '──'],
];

function stable(text: string): string {
  return VOLATILE.reduce((changed, [pattern, name]) => changed.replaceAll(pattern, name), text);
}

const linesOf = (text: string): string[] =>
  stable(text.replaceAll('\r\n', '\n'))
    .trim()
    .split('\n')
    .map((line) => line.trimEnd());

function fits(shown: string, line: string): boolean {
  const pattern = shown.split(ANY).map(RegExp.escape).join('.*');
  return new RegExp(`^${pattern}$`).test(line);
}

function fitAll(shown: readonly string[], lines: readonly string[]): boolean {
  const [first, ...others] = shown;
  if (first === undefined) return lines.length === 0;
  if (first === ANY)
    return Array.from(lines).some((_, skip) => fitAll(others, lines.slice(skip))) || others.length === 0;
  const [line, ...rest] = lines;
  return line !== undefined && fits(first, line) && fitAll(others, rest);
}

/** @returns what differs, or null. */
export function differenceFrom({ form, text }: ShownOutput, printed: string): string | null {
  if (form === 'json') return jsonDifference(text, printed);
  const [shown, lines] = [linesOf(text), linesOf(printed)];
  if (fitAll(shown, lines)) return null;
  const absent = shown.find((line) => line !== ANY && !lines.some((candidate) => fits(line, candidate)));
  const what =
    absent === undefined ? 'there are other lines than the page shows' : `no line is as the page shows: ${absent}`;
  return `the output differs: ${what}. Printed:\n${printed.trimEnd()}`;
}

function jsonDifference(text: string, printed: string): string | null {
  let shown: unknown;
  try {
    shown = JSON.parse(text);
  } catch (error) {
    return `the page shows a document that is not JSON: ${(error as Error).message}`;
  }
  try {
    const place = differingPlace(shown, JSON.parse(printed), '');
    return place === null
      ? null
      : `the output differs from the page at ${place || 'the top'}. Printed:\n${printed.trimEnd()}`;
  } catch (error) {
    return `the output is not JSON: ${(error as Error).message}. Printed:\n${printed.trimEnd()}`;
  }
}

/** @returns the JSON Pointer of the first difference, or null. */
function differingPlace(shown: unknown, printed: unknown, place: string): string | null {
  if (isObject(shown) && isObject(printed)) return differingMember(shown, printed, place);
  return isSameValue(shown, printed, place) ? null : place;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isSameValue(shown: unknown, printed: unknown, place: string): boolean {
  if (shown === ANY) return true;
  if (typeof shown === 'string' && typeof printed === 'string') return fits(stable(shown), stable(printed));
  // Durations are in milliseconds.
  if (typeof shown === 'number' && typeof printed === 'number' && /Ms$/.test(place)) return true;
  return shown === printed;
}

function differingMember(shown: object, printed: object, place: string): string | null {
  if (Array.isArray(shown) !== Array.isArray(printed)) return place;
  const [left, right] = [new Map(Object.entries(shown)), new Map(Object.entries(printed))];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    if (!left.has(name) || !right.has(name)) return `${place}/${name}`;
    const found = differingPlace(left.get(name), right.get(name), `${place}/${name}`);
    if (found !== null) return found;
  }
  return null;
}
