// Finds the members of a document that no pointer of the profile reads, and the line of the profile that would read them. Pure.

import type { StatusReport, UnreadMember } from '../execution/event.ts';
import { isJsonObject, type Json, type JsonObject, scalarText } from '../execution/json.ts';
import { pointerTo, segmentsOf } from './json-pointer.ts';
import type { ResponsePointers } from './response-document.ts';

const MAX_MEMBERS = 20;
const MAX_POINTER_CHARS = 200;
const MAX_TEXT_CHARS = 1024;

/** What a part reads of a value: the whole of it, or some of its members. */
interface Reach {
  isRead: boolean;
  readonly members: Map<string, Reach>;
}

/** Made once for each part of a profile. */
const REACHES = new WeakMap<ResponsePointers, Reach>();

function reachOf(part: ResponsePointers): Reach {
  const known = REACHES.get(part);
  if (known !== undefined) return known;
  const { executionId = null, status, result, error } = part;
  const root: Reach = { isRead: false, members: new Map() };
  for (const pointer of [executionId, status, result, error].flat()) {
    if (pointer === null) continue;
    let reach = root;
    for (const name of segmentsOf(pointer)) {
      const member = reach.members.get(name) ?? { isRead: false, members: new Map() };
      reach.members.set(name, member);
      reach = member;
    }
    reach.isRead = true;
  }
  REACHES.set(part, root);
  return root;
}

/** Returns the topmost members with a value that the part does not read: the first 20. */
export function unreadMembers(document: Json, part: ResponsePointers): readonly UnreadMember[] {
  const unread: UnreadMember[] = [];
  const whole = reachOf(part);
  if (!whole.isRead) search(document, whole, []);
  return unread;

  function search(value: Json, reach: Reach, at: readonly string[]): void {
    for (const name of namesIn(value)) {
      if (unread.length >= MAX_MEMBERS) return;
      const known = reach.members.get(name);
      const member = (value as JsonObject)[name] as Json;
      if (known?.isRead === true || isEmpty(member)) continue;
      const path = [...at, name];
      if (known !== undefined) search(member, known, path);
      else unread.push({ pointer: pointerTo(path).slice(0, MAX_POINTER_CHARS), text: shortText(member) });
    }
  }
}

function namesIn(value: Json): string[] {
  return isJsonObject(value) || Array.isArray(value) ? Object.keys(value) : [];
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
