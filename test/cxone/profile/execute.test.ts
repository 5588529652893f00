// What may be said of submissions and polls in a profile, and each mistake by its place.

import { expect, test } from 'vitest';
import { change, segmentsOf } from '../../../src/cxone/json-pointer.ts';
import { ProfileError } from '../../../src/cxone/profile/problems.ts';
import { parseProfile, sendsCallbackUrl } from '../../../src/cxone/profile/profile.ts';
import { shippedProfile } from '../../../src/cxone/profile/shipped.ts';
import type { Json } from '../../../src/execution/json.ts';

function problemsOf(name: string, ...changes: readonly [place: string, value: Json][]): [string, string][] {
  let document = shippedProfile(name) ?? null;
  for (const [place, value] of changes) document = change(document, segmentsOf(place), () => value);
  try {
    parseProfile(document);
    return [];
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return error.problems.map(({ pointer, detail }) => [pointer, detail]);
  }
}

const SCRIPT = 'cxone-script-start';
const JOBS = 'cxone-jobs';
const JOINED = '/execute/body/joined';

test.for<[what: string, name: string, place: string, value: Json, pointer: string, detail: RegExp]>([
  [
    'an unknown encoding',
    JOBS,
    '/execute/encoding',
    'xml',
    '/execute/encoding',
    /^must be one of "json", "form", "query"$/,
  ],
  [
    'a separator that a URL may hold',
    SCRIPT,
    `${JOINED}/separator`,
    ',',
    `${JOINED}/separator`,
    /that no URL contains/,
  ],
  ['no separator', SCRIPT, `${JOINED}/separator`, '', `${JOINED}/separator`, /that no URL contains/],
  ['half a byte', SCRIPT, `${JOINED}/maxBytes`, 0.5, `${JOINED}/maxBytes`, /whole number/],
  ['an unknown first value', SCRIPT, `${JOINED}/first`, ['secret'], `${JOINED}/first/0`, /one of "callbackUrl"/],
  ['an unknown member', SCRIPT, `${JOINED}/after`, 1, `${JOINED}/after`, /is unknown here/],
  ['a list in the place of a constant', SCRIPT, '/execute/body/members', { parameters: 1 }, JOINED, /"members" holds/],
  ['a list in the place of the action', SCRIPT, `${JOINED}/at`, '/skillId', JOINED, /is the place of actionId/],
  ['no name of the action', JOBS, '/execute/body/actionId', null, '/execute/url', /must contain \{actionId\}/],
  ['a negative interval', JOBS, '/poll/minIntervalSeconds', -1, '/poll/minIntervalSeconds', /0 to 3600/],
  ['an unknown member of poll', JOBS, '/poll/interval', 1, '/poll/interval', /is unknown here/],
  ['no way to learn of an end', JOBS, '/poll', null, '/poll', /nothing would end/],
  [
    'an id without a use',
    SCRIPT,
    '/callback/executionId',
    '/id',
    '/callback/executionId',
    /no "poll" that could use it/,
  ],
])('%s is named', ([, name, place, value, pointer, detail]) => {
  expect(problemsOf(name, [place, value])).toContainEqual([pointer, expect.stringMatching(detail)]);
});

test('the action may be named among the joined values', () => {
  const changes = ['/execute/body/actionId', `${JOINED}/first`] as const;
  expect(problemsOf(SCRIPT, [changes[0], null], [changes[1], ['callbackUrl', 'actionId']])).toEqual([]);
});

test('every shipped profile shows whether CXone gets a callback URL', () => {
  const sends = (name: string) => sendsCallbackUrl(parseProfile(shippedProfile(name)));
  expect([sends('cxone'), sends(SCRIPT), sends(JOBS)]).toEqual([true, true, false]);
});
