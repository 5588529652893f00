// Fingerprints of submissions: two bodies have the same fingerprint exactly if they mean the same.

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { canonicalJson, isSameJson } from '../execution/canonical-json.ts';
import { DEFAULT_PRIORITY } from '../execution/execution.ts';
import type { Json, JsonObject } from '../execution/json.ts';
import type { AcceptedSubmission } from '../store/intake-port.ts';
import type { SubmissionRequest } from './submission-request.ts';

/**
 * Returns the SHA-256 of the canonical JSON. A default that the body states makes no difference, except for the grace period:
 * its default is configuration and may have changed when the submission is repeated.
 */
export function fingerprintOf(request: SubmissionRequest): string {
  return digest(canonicalJson(meaningOf(request)));
}

/** Returns the fingerprint of an item of a batch that is not a submission. */
export function fingerprintOfInvalid(sent: Json): string {
  return digest(canonicalJson(sent));
}

/** Returns the fingerprint of a batch. */
export function fingerprintOfBatch(atomic: boolean, fingerprints: readonly string[]): string {
  return digest(JSON.stringify([atomic, ...fingerprints]));
}

/**
 * Returns whether the request repeats a submission that version 0.1.0 accepted. Its fingerprints depended on the notation of
 * numbers. Compares the stored payload instead, and the other members by the fingerprint of that version.
 */
export function isRepeatOfVersion010(
  request: SubmissionRequest,
  { fingerprint, payload }: AcceptedSubmission,
): boolean {
  if (payload === null) return fingerprintsOfVersion010(request).includes(fingerprint);
  // promise: earlier-version-replays
  const isSamePayload = isSameJson(payload.inputs, request.inputs) && isSameJson(payload.context, request.context);
  return isSamePayload && digestOfVersion010(meaningOf({ ...request, ...payload })) === fingerprint;
}

/**
 * Returns the fingerprints that version 0.1.0 may have computed for the request: as written, or with all numbers as doubles if
 * no number in the body required more.
 */
export function fingerprintsOfVersion010(request: SubmissionRequest): readonly [written: string, doubles: string] {
  return variantsOfVersion010(meaningOf(request));
}

/** Returns the same for an item of a batch that is not a submission. */
export function invalidFingerprintsOfVersion010(sent: Json): readonly [written: string, doubles: string] {
  return variantsOfVersion010(sent);
}

function variantsOfVersion010(value: Json): readonly [string, string] {
  return [digestOfVersion010(value), digestOfVersion010(JSON.parse(JSON.stringify(value)))];
}

/** Hashes the form of RFC 8785, in which a number beyond the doubles became the object {"rawJSON":"…"}. */
function digestOfVersion010(value: Json): string {
  try {
    return digest(canonicalize(value) ?? '');
  } catch {
    // Half of a surrogate pair has no canonical form.
    return digest(JSON.stringify(value));
  }
}

/** The default priority is left out: submissions from before there were priorities keep their fingerprints. */
function meaningOf({ priority, ...request }: SubmissionRequest): JsonObject {
  return { ...request, ...(priority === DEFAULT_PRIORITY ? {} : { priority }) };
}

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
