// The random sample of executions: each has a level, and one of 2^level executions has at least this level.

import { SAMPLE_SIZE } from '../rollups-port.ts';

export const MAX_LEVEL = 32;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Returns an evenly distributed number of 32 bits that depends on the reference only (FNV-1a, with the finalizer of MurmurHash3). */
export function rankOf(reference: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < reference.length; at += 1) hash = Math.imul(hash ^ reference.charCodeAt(at), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Returns the level of an execution: one of 2^level executions has at least this level. */
export function levelOf(reference: string): number {
  return Math.clz32(rankOf(reference));
}

/** Returns the highest level at which a sample of this many executions is large enough. */
export function sufficientLevel(executions: number): number {
  return Math.max(0, Math.floor(Math.log2(Math.max(1, executions) / SAMPLE_SIZE)));
}
