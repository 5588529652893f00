// Builds the body of a submission: its parts at the places that a profile names. Finds the parts without a place. Pure.

import type { Dispatchable } from '../execution/execution.ts';
import { isJsonObject, type Json, type JsonObject, LargeJson, scalarText } from '../execution/json.ts';
import { change, find, pointerTo, segmentsOf } from './json-pointer.ts';
import type { UnsupportedPart } from './port.ts';
import type { Profile } from './profile/profile.ts';

export type SubmissionFields = Pick<Dispatchable, 'actionId' | 'correlationId' | 'inputs' | 'context'>;

type Places = Profile['execute']['body'];
type Joined = NonNullable<Places['joined']>;

/** Returns the body. Constant members, callback URL and ids override an app's input of the same name. */
export function buildSubmissionBody(places: Places, submitted: SubmissionFields, callbackUrl: string): Json {
  const around = (given: JsonObject) => (constant: Json | undefined) =>
    isJsonObject(constant) ? { ...(LargeJson.is(given) ? (given.parsed() as JsonObject) : given), ...constant } : given;
  let body: Json = places.members;
  body = change(body, segmentsOf(places.inputs), around(submitted.inputs));
  if (places.context !== null) body = change(body, segmentsOf(places.context), around(submitted.context));
  const ours = { callbackUrl, correlationId: submitted.correlationId, actionId: submitted.actionId };
  for (const name of ['callbackUrl', 'correlationId', 'actionId'] as const) {
    const place = places[name];
    if (place !== null) body = change(body, segmentsOf(place), () => ours[name]);
  }
  const { joined } = places;
  if (joined === null) return body;
  return change(body, segmentsOf(joined.at), (given) => {
    const values = [...joined.first.map((name) => ours[name]), ...listed(given).map((value) => scalarOf(value) ?? '')];
    return values.join(joined.separator);
  });
}

/** Returns the members of a body as form fields: text unchanged, other values as JSON, null omitted. */
export function fieldsOf(body: Json): [string, string][] {
  if (!isJsonObject(body)) return [];
  return Object.entries(body).flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, scalarText(value) ?? JSON.stringify(value)]],
  );
}

/** Returns the parts of a submission that the profile cannot carry, without repeating their values. */
export function unsupportedParts(
  profile: Profile,
  submitted: SubmissionFields,
  callbackUrl: string,
): UnsupportedPart[] {
  const { body: places } = profile.execute;
  const contextUnsupported = places.context === null && hasMembers(submitted.context);
  return [
    ...(contextUnsupported
      ? [{ pointer: '/context', detail: `has no place in the profile "${profile.name}"; leave it out` }]
      : []),
    ...(places.joined === null ? [] : unjoinable(places, places.joined, submitted, callbackUrl)),
  ];
}

function hasMembers(object: JsonObject): boolean {
  return LargeJson.is(object) ? object.text !== '{}' : Object.keys(object).length > 0;
}

function unjoinable(
  places: Places,
  joined: Joined,
  submitted: SubmissionFields,
  callbackUrl: string,
): UnsupportedPart[] {
  const inputsAt = segmentsOf(places.inputs);
  const path = segmentsOf(joined.at);
  // Only values among the inputs can be corrected by an app.
  if (!inputsAt.every((segment, depth) => segment === path[depth])) return [];
  const own = path.slice(inputsAt.length);
  const given = find(submitted.inputs, pointerTo(own));
  const at = (...more: number[]) => pointerTo(['inputs', ...own, ...more]);
  const sign = JSON.stringify(joined.separator);
  const wrong = listed(given).flatMap((value, index): UnsupportedPart[] => {
    const pointer = Array.isArray(given) ? at(index) : at();
    const text = scalarOf(value);
    if (text === null)
      return [{ pointer, detail: 'must be a text, a number, true, false or null: it becomes part of a text' }];
    // promise: script-value-is-one
    return text.includes(joined.separator)
      ? [{ pointer, detail: `must not contain ${sign}, which separates the values` }]
      : [];
  });
  const whole = find(buildSubmissionBody(places, submitted, callbackUrl), joined.at);
  const bytes = Buffer.byteLength(String(whole));
  const room = `must be shorter: joined with what goes before it, it has ${bytes} bytes, and CXone takes ${joined.maxBytes}`;
  return [...wrong, ...(bytes > joined.maxBytes ? [{ pointer: at(), detail: room }] : [])];
}

function listed(given: Json | undefined): readonly Json[] {
  if (given === undefined || given === null) return [];
  return Array.isArray(given) ? given : [given];
}

/** Returns null for an object or list. A null value becomes the empty text, since positions count. */
function scalarOf(value: Json): string | null {
  if (value === null) return '';
  return typeof value === 'boolean' ? String(value) : scalarText(value);
}
