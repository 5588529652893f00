// One run of an action at the simulator.

import type { Json, JsonObject } from '../execution/json.ts';
import type { CaseRecord } from './ledger.ts';
import type { Script } from './script.ts';

export interface Run {
  readonly record: CaseRecord;
  readonly actionId: string;
  readonly script: Script;
  /** The id in JSON: a string, or a number that a double cannot hold. */
  readonly executionId: Json;
  readonly idText: string;
  /** Null: no callback is sent, whatever the script has. */
  readonly callbackUrl: string | null;
  /** The inputs of the action, which are its result unless the script has another. */
  readonly echo: JsonObject;
  readonly endsAt: number;
}
