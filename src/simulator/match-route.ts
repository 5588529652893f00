// Matches the path of a request with a recorded route, and extracts the values of its placeholders. Pure.

import { escapePattern } from '../lib/escape-pattern.ts';

type Values = Readonly<Record<string, string | undefined>>;

/** Returns the decoded values of the placeholders; null if the URL has another route. It ignores a query unless the route has one. */
export function matchRoute(route: string, url: string): Values | null {
  const { pathname, search } = new URL(url);
  const found = patternOf(route).exec(pathname + search);
  if (found === null) return null;
  return Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, value]) => [name, decoded(value)]));
}

function patternOf(route: string): RegExp {
  const seen = new Set<string>();
  const parts = route.split(/(\{[^{}]*\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return escapePattern(part);
    const group = seen.has(name) ? '[^/?&]+' : `(?<${name}>[^/?&]+)`;
    seen.add(name);
    return group;
  });
  return new RegExp(`^${parts.join('')}${route.includes('?') ? '' : '(?:\\?.*)?'}$`);
}

function decoded(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return value;
  }
}
