// The origin of an endpoint, as queries and bodies name it.

import * as v from 'valibot';

const MAX_ORIGIN_CHARS = 300;
const ORIGIN_RULE = 'must be an origin, as GET /v1/endpoints has it, for example https://hooks.example';

/** Accepts what `new URL(url).origin` returns for the URL of an endpoint. */
export function origin(description: string) {
  return v.pipe(
    v.string(ORIGIN_RULE),
    v.maxLength(MAX_ORIGIN_CHARS, ORIGIN_RULE),
    v.check((text) => /^https?:/.test(text) && URL.parse(text)?.origin === text, ORIGIN_RULE),
    v.description(description),
  );
}
