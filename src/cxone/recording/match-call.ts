// Matches a request with the calls of a profile, and extracts its ids. Pure.

import { scalarText } from '../../execution/json.ts';
import { escapePattern } from '../../lib/escape-pattern.ts';
import { find } from '../json-pointer.ts';
import type { Profile } from '../profile/profile.ts';
import { parseBody, WHOLE_BODY } from './bodies.ts';

export interface MatchedCall {
  readonly call: 'execute' | 'poll' | 'other';
  /** The path, and the query if the profile has one, with the profile's placeholders in place of ids. */
  readonly route: string;
  readonly executionId: string | null;
}

/** Returns `other` for tokens and discovery. */
export function matchCall({ execute, poll }: Profile, method: string, url: string): MatchedCall {
  const path = pathOf(url);
  const polled = poll?.url == null ? null : matched(poll.url, url);
  if (method === 'GET' && polled !== null) return { call: 'poll', ...polled };
  const executed = matched(execute.url, url);
  if (method !== 'GET' && executed !== null) return { call: 'execute', ...executed };
  return { call: 'other', route: path, executionId: null };
}

function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? url;
}

/** Returns the route of a URL that was made from the template; null for any other URL. */
function matched(template: string, url: string): { route: string; executionId: string | null } | null {
  const names: string[] = [];
  const pattern = template.split(/(\{[^{}]*\})/).map((part) => {
    const name = /^\{(.*)\}$/.exec(part)?.[1];
    if (name === undefined) return escapePattern(part);
    names.push(name);
    return name === 'base' ? '(https?://.+?)' : '([^/?&#]+)';
  });
  // Fields that a profile puts into the query are not part of its template.
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

/** Returns the action that a request names in its body, or in its query if it has no body; null if it names none there. */
export function actionIn(
  {
    url,
    body,
    contentType,
  }: { readonly url: string; readonly body: string | null; readonly contentType: string | null },
  pointer: string,
): string | null {
  const query = URL.parse(url)?.searchParams ?? [];
  const document =
    body === null || body === ''
      ? null
      : parseBody(Buffer.from(body), contentType, { telling: [pointer], document: WHOLE_BODY });
  return scalarText(find(document?.value ?? Object.fromEntries(query), pointer));
}
