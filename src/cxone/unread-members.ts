// Finds the members of a document that no pointer of the profile reads, and the line of the profile that would read them. Pure.

import type { StatusReport, UnreadMember } from '../execution/event.ts';
import { isJsonObject, type Json, scalarText } from '../execution/json.ts';
import { pointerTo, segmentsOf } from './json-pointer.ts';
import type { Pointers } from './profile/schema-parts.ts';

const MAX_MEMBERS = 20;
const MAX_POINTER_CHARS = 200;
const MAX_TEXT_CHARS = 1024;

export interface ReadPointers {
  readonly executionId?: Pointers | undefined;
  readonly status: Pointers;
  readonly result: Pointers;
  readonly error: Pointers;
}

/** The pointers of a part, and all their beginnings; made once for each part of a profile. */
interface Reach {
  readonly read: ReadonlySet<string>;
  readonly passed: ReadonlySet<string>;
}

const REACHES = new WeakMap<ReadPointers, Reach>();

function reachOf(part: ReadPointers): Reach {
  const known = REACHES.get(part);
  if (known !== undefined) return known;
  const { executionId = null, status, result, error } = part;
  const pointers = [executionId, status, result, error].flat().filter((pointer) => pointer !== null);
  const passed = pointers.flatMap((pointer) => {
    const steps = segmentsOf(pointer);
    return steps.map((_, count) => pointerTo(steps.slice(0, count)));
  });
  const reach = { read: new Set(pointers), passed: new Set(passed) };
  REACHES.set(part, reach);
  return reach;
}

/** Returns the topmost members with a value that the part does not read: the first 20. */
export function unreadMembers(document: Json, part: ReadPointers): readonly UnreadMember[] {
  const { read, passed } = reachOf(part);
  const unread: UnreadMember[] = [];
  if (!read.has('')) search(document, '');
  return unread;

  function search(value: Json, at: string): void {
    for (const [name, member] of membersOf(value)) {
      if (unread.length >= MAX_MEMBERS) return;
      const pointer = `${at}${pointerTo([name])}`;
      if (read.has(pointer) || isEmpty(member)) continue;
      if (passed.has(pointer)) search(member, pointer);
      else unread.push({ pointer: pointer.slice(0, MAX_POINTER_CHARS), text: shortText(member) });
    }
  }
}

function membersOf(value: Json): [string, Json][] {
  return isJsonObject(value) || Array.isArray(value) ? Object.entries(value) : [];
}

/** A member without a value loses nothing. */
function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function shortText(value: Json): string | null {
  const text = scalarText(value);
  return text === null || text.length > MAX_TEXT_CHARS ? null : text;
}

const LOOKS_LIKE_ERROR = /err|fail|fault|reason|message|exception/i;

/** Returns for example `"callback.result": "/output"`. @param place the place of the pointers in the profile */
export function profileLineFor(place: string, unread: readonly UnreadMember[], report: StatusReport): string | null {
  const [first] = unread;
  if (first === undefined) return null;
  const structured = unread.find(({ text }) => text === null) ?? first;
  const error = unread.find(({ pointer }) => LOOKS_LIKE_ERROR.test(pointer));
  if (report.kind === 'failed' && report.error === null) return line(place, 'error', (error ?? structured).pointer);
  // The result has its place already: the whole document contains what is beside it.
  return line(place, 'result', report.result === null ? structured.pointer : '');
}

function line(place: string, member: string, pointer: string): string {
  return `"${place}.${member}": ${JSON.stringify(pointer)}`;
}
