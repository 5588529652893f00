// The one way to state a number of things to people, in the terminal and on the pages.

/** Returns `1 execution`, `3 executions`, `1,200 audit entries`. */
export function many(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : pluralOf(noun)}`;
}

function pluralOf(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
