// The one way to state a number of things to people, in the terminal and on the pages.

const FORMAT = new Intl.NumberFormat('en-US');

/** Returns `1,200`. A formatter that is made per number costs more than all else on a page. */
export function grouped(count: number): string {
  return FORMAT.format(count);
}

/** Returns `1 execution`, `3 executions`, `1,200 audit entries`. */
export function many(count: number, noun: string): string {
  return `${grouped(count)} ${count === 1 ? noun : pluralOf(noun)}`;
}

function pluralOf(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
