// What the thread for large bodies does: parses a callback, or makes a canonical text. Its replies contain documents as texts.

import { canonicalJson } from '../../execution/canonical-json.ts';
import type { BodyNotes, StatusReport } from '../../execution/event.ts';
import { LargeJson, readJson, writeJson } from '../../execution/json.ts';
import { parseCallback } from '../parse-response.ts';
import type { ParsedCallback } from '../port.ts';
import type { Profile } from '../profile/profile.ts';

/** What the thread needs to know of the configuration. */
export interface JobRules {
  readonly profile: Profile;
  readonly maxResultBytes: number;
}

export interface CallbackJob {
  readonly type: 'callback';
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
}

export interface CanonicalJob {
  readonly type: 'canonical';
  readonly text: string;
}

export type Job = CallbackJob | CanonicalJob;

type PackedReport = Omit<StatusReport, 'result' | 'error'> & { readonly result: string; readonly error: string };

/** The body is not sent back: the caller has it. */
export type PackedCallback =
  | Extract<ParsedCallback, { type: 'callback-unreadable' }>
  | (Omit<Extract<ParsedCallback, { type: 'callback' }>, 'report' | 'notes'> & {
      readonly report: PackedReport;
      readonly notes?: Omit<BodyNotes, 'body'>;
    });

export interface Replies {
  readonly callback: PackedCallback;
  readonly canonical: string;
}

export type JobResult = { readonly reply: Replies[Job['type']] } | { readonly problem: string };

/** Never throws: an error ends the thread. */
export function jobResult(rules: JobRules, job: Job): JobResult {
  try {
    return { reply: job.type === 'canonical' ? canonicalJson(readJson(job.text)) : packedCallback(rules, job) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function packedCallback({ profile, maxResultBytes }: JobRules, { bytes, contentType }: CallbackJob): PackedCallback {
  const parsed = parseCallback(profile, bytes, contentType, maxResultBytes);
  if (parsed.type === 'callback-unreadable') return parsed;
  const { report, notes, ...rest } = parsed;
  const packed = { ...report, result: writeJson(report.result), error: writeJson(report.error) };
  if (notes === undefined) return { ...rest, report: packed };
  const { body: _, ...others } = notes;
  return { ...rest, report: packed, notes: others };
}

/** Returns the callback that a reply describes. A large result stays text. */
export function unpackedCallback(packed: PackedCallback, { bytes, contentType }: CallbackJob): ParsedCallback {
  if (packed.type === 'callback-unreadable') return packed;
  const { report, notes, ...rest } = packed;
  const unpacked = { ...report, result: LargeJson.from(report.result), error: LargeJson.from(report.error) };
  if (notes === undefined) return { ...rest, report: unpacked };
  return { ...rest, report: unpacked, notes: { ...notes, body: { bytes, contentType } } };
}
