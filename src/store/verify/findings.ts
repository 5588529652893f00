// The findings of a verification, and the number of them that are reported.

import { type Json, readJson } from '../../execution/json.ts';
import type { Finding } from '../verification.ts';

/** Maximum of findings that each check outside the chain reports. */
export const MAX_FINDINGS = 20;

/** Returns a function that appends findings of one kind, up to the maximum. */
export function reporter(findings: Finding[], kind: Finding['kind']) {
  return (entry: number | null, message: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ kind, entry, message });
  };
}

/** Returns the detail of an entry; null when it is not JSON, which the store never writes. */
export function parseDetail(text: string): Json {
  try {
    return readJson(text);
  } catch {
    return null;
  }
}
