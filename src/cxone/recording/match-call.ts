// Which call of a profile a URL is for, and the ids in it. Pure.

import type { Profile } from '../profile/profile.ts';

export interface MatchedCall {
  readonly call: 'execute' | 'poll' | 'other';
  /** The path, and the query if the profile has one, with the placeholders of the profile where ids stand. */
  readonly route: string;
  readonly executionId: string | null;
}

/** Whatever is neither an execute nor a poll is `other`: tokens, discovery. */
export function matchCall({ execute, poll }: Profile, method: string, url: string): MatchedCall {
  const path = pathOf(url);
  const polled = poll === null ? null : matched(poll.url, url);
  if (method === 'GET' && polled !== null) return { call: 'poll', ...polled };
  const executed = matched(execute.url, url);
  if (method !== 'GET' && executed !== null) return { call: 'execute', ...executed };
  return { call: 'other', route: path, executionId: null };
}

function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? url;
}

/** The route of a template that a URL was made of, or null when it was made of another. */
function matched(template: string, url: string): { route: string; executionId: string | null } | null {
  const names: string[] = [];
  const pattern = template.split(/(\{[^{}]*\})/).map((part) => {
    const name = /^\{(.*)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    names.push(name);
    return name === 'base' ? '(https?://.+?)' : '([^/?&#]+)';
  });
  // What a profile puts into the query is no part of its template.
  const query = template.includes('?') ? '' : '(?:\\?.*)?';
  const found = new RegExp(`^${pattern.join('')}${query}$`).exec(url);
  if (found === null) return null;
  const value = (name: string) => found[names.indexOf(name) + 1];
  const base = names.includes('base') ? value('base') : '';
  const whole = template.replace('{base}', base ?? '');
  // Not through URL: it would encode the braces.
  const route = whole.replace(/^https?:\/\/[^/]*/, '');
  const id = names.includes('executionId') ? value('executionId') : undefined;
  return { route, executionId: id === undefined ? null : decodeURIComponent(id) };
}
