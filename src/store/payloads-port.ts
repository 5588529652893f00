// The payloads of an execution, which lists leave out.

import type { AuditEvent } from '../execution/event.ts';
import type { Json } from '../execution/json.ts';

export interface ExecutionPayloads {
  readonly inputs: Json;
  readonly context: Json;
  /** When the payload was pruned, milliseconds; null while it is stored. */
  readonly prunedAt: number | null;
  /** Bodies of the newest unreadable callbacks, oldest first. */
  readonly bodies: readonly StoredCallbackBody[];
}

export interface StoredCallbackBody {
  /** Id of the audit entry of the callback. */
  readonly entryId: number;
  /** The event of that entry. */
  readonly event: AuditEvent;
  readonly contentType: string | null;
  /** The codings that the bytes still have; null for none. */
  readonly contentEncoding: string | null;
  /** False if only the beginning was kept. */
  readonly isWhole: boolean;
  readonly bytes: Uint8Array;
}
