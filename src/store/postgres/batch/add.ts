// A new execution in a batch, and the fingerprint of its submission in the form in which it is stored.

import type { Dispatchable } from '../../../execution/execution.ts';
import type { QueueDemand } from '../executions/queue-bounds.ts';
import type { Part } from './part.ts';

export interface AddedPart extends QueueDemand {
  readonly part: Part;
  readonly execution: Dispatchable;
  readonly fingerprint: Buffer;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** Returns the 32 bytes of a SHA-256 in lower-case hex, and the UTF-8 bytes of any other text. */
export function fingerprintBytes(text: string): Buffer {
  return SHA256.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text);
}

/** Returns the text of what `fingerprintBytes` returned. */
export function fingerprintText(stored: Buffer): string {
  return stored.length === 32 ? stored.toString('hex') : stored.toString();
}
