// Reads the output of strace: each change of the receiver's files and each message to others, in order.

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

export type DiskEvent =
  | { readonly type: 'create' | 'unlink' | 'folder'; readonly path: string }
  /** Covers the changes by the events with an index below `covers`: threads write while another one waits for its sync. */
  | { readonly type: 'sync'; readonly path: string; readonly covers: number }
  | { readonly type: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly type: 'truncate'; readonly path: string; readonly size: number }
  /** Bytes that left through a socket. */
  | { readonly type: 'sent'; readonly text: string };

/** The options of strace: all calls of all threads on files and sockets, with full bytes and the paths of the handles. */
export const TRACING = [
  '-f',
  '--seccomp-bpf',
  '-yy',
  '-xx',
  '-s',
  '4000000',
  '-e',
  'trace=openat,mkdir,pwrite64,write,writev,ftruncate,fsync,fdatasync,unlink,rename,pwritev,fallocate',
] as const;

const LINE = /^(\d+) +(.*)$/s;
const UNFINISHED = / <unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. \w+ resumed>/;
const CALL = /^(\w+)\((.*)\) += (-?\d+)/s;
const HANDLE = /^\d+<(.*?)>(?:\(deleted\))?(?:, |$)/;
const TEXT = /"((?:\\x[0-9a-f]{2})*)"/g;

/** Only calls on the folder and the sockets. Each counts when it has ended. @throws for a call that the model does not know. */
export async function readDiskLog(file: string, folder: string): Promise<DiskEvent[]> {
  const events: DiskEvent[] = [];
  const join = createJoiner();
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const { text, before } = join(line, events.length);
    const [, call = '', args = '', result = '-1'] = CALL.exec(text) ?? [];
    if (call === '' || Number(result) < 0) continue;
    const event = toEvent({ call, args, result: Number(result), before }, folder);
    if (event === null) continue;
    // The WAL index is rebuilt after a power loss, and the lock is not read.
    if (event.type !== 'sent' && !concerns(event.path, folder)) continue;
    events.push(event);
  }
  return events;
}

interface Joined {
  /** Empty while the call has not ended. */
  readonly text: string;
  /** The number of events before the call began. */
  readonly before: number;
}

/** Joins the two lines of a call during which another thread made one. */
function createJoiner(): (line: string, events: number) => Joined {
  const begun = new Map<string, Joined>();
  return (line, events) => {
    const [, thread = '', said = ''] = LINE.exec(line) ?? [];
    if (UNFINISHED.test(said)) {
      begun.set(thread, { text: said.replace(UNFINISHED, ''), before: events });
      return { text: '', before: events };
    }
    if (!RESUMED.test(said)) return { text: said, before: events };
    const { text, before } = begun.get(thread) ?? { text: '', before: events };
    return { text: text + said.replace(RESUMED, ''), before };
  };
}

function concerns(path: string, folder: string): boolean {
  if (path.endsWith('-shm') || basename(path).includes('.lock')) return false;
  return path === folder || path.startsWith(`${folder}/`);
}

interface Call {
  readonly call: string;
  readonly args: string;
  readonly result: number;
  /** The number of events before it began. */
  readonly before: number;
}

function toEvent({ call, args, result, before }: Call, folder: string): DiskEvent | null {
  const texts = () => Array.from(args.matchAll(TEXT), ([, hex = '']) => bytesOf(hex));
  const path = () => texts()[0]?.toString('latin1') ?? '';
  const handle = bytesIn(HANDLE.exec(args)?.[1] ?? '');
  const numbers = args.split(', ').map(Number);
  switch (call) {
    case 'openat':
      return args.includes('O_CREAT') ? { type: 'create', path: path() } : null;
    case 'mkdir':
      return { type: 'folder', path: path() };
    case 'unlink':
      return { type: 'unlink', path: path() };
    case 'fsync':
    case 'fdatasync':
      return { type: 'sync', path: handle, covers: before };
    case 'ftruncate':
      return { type: 'truncate', path: handle, size: numbers.at(-1) ?? 0 };
    case 'pwrite64':
      return { type: 'write', path: handle, offset: numbers.at(-1) ?? 0, data: bytesWritten(texts(), result) };
    case 'write':
    case 'writev':
      return handle.startsWith('TCP') ? { type: 'sent', text: Buffer.concat(texts()).toString('latin1') } : null;
    default:
      if (!concerns(handle || path(), folder)) return null;
      throw new Error(`the model of the disk does not know ${call}`);
  }
}

function bytesWritten(texts: readonly Buffer[], length: number): Buffer {
  const data = texts.at(-1) ?? Buffer.alloc(0);
  if (data.length !== length) throw new Error(`the log has ${data.length} of ${length} bytes`);
  return data;
}

function bytesOf(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll('\\x', ''), 'hex');
}

function bytesIn(text: string): string {
  return text.replace(/(?:\\x[0-9a-f]{2})+/g, (escaped) => bytesOf(escaped).toString('latin1'));
}
