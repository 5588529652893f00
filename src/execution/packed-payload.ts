// The inputs and the context of a submission as texts, which cost little to pass to and from another thread.

import { type JsonObject, readJson, writeJson } from './json.ts';

export interface Payload {
  readonly inputs: JsonObject;
  readonly context: JsonObject;
}

export interface PackedPayload {
  readonly inputs: string;
  readonly context: string;
}

export type Packed<T extends Payload> = Omit<T, keyof Payload> & PackedPayload;

export function packedPayload<T extends Payload>(submitted: T): Packed<T> {
  return { ...submitted, inputs: writeJson(submitted.inputs), context: writeJson(submitted.context) };
}

/** Only the thread parses: the receiver passes the texts on. */
export function parsedPayload<T extends PackedPayload>(packed: T): Omit<T, keyof Payload> & Payload {
  return { ...packed, inputs: readJson(packed.inputs) as JsonObject, context: readJson(packed.context) as JsonObject };
}
