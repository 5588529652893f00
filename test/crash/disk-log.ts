// Reads the output of strace: each change of the receiver's files and each message to others, in order.

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

export type DiskEvent =
  | { readonly type: 'create' | 'unlink' | 'folder' | 'sync'; readonly path: string }
  | { readonly type: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly type: 'truncate'; readonly path: string; readonly size: number }
  /** Bytes that left through a socket. */
  | { readonly type: 'sent'; readonly text: string };

/** The options of strace: all calls on files and sockets, with full bytes and the paths of the handles. */
export const TRACING = [
  '-yy',
  '-xx',
  '-s',
  '4000000',
  '-e',
  'trace=openat,mkdir,pwrite64,write,writev,ftruncate,fsync,fdatasync,unlink,rename,pwritev,fallocate',
] as const;

const CALL = /^(\w+)\((.*)\) += (-?\d+)/s;
const HANDLE = /^\d+<(.*?)>(?:\(deleted\))?(?:, |$)/;
const TEXT = /"((?:\\x[0-9a-f]{2})*)"/g;

/** Only calls on the folder and the sockets. @throws for a call that the model does not know. */
export async function readDiskLog(file: string, folder: string): Promise<DiskEvent[]> {
  const events: DiskEvent[] = [];
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [, call = '', args = '', result = '-1'] = CALL.exec(line) ?? [];
    if (call === '' || Number(result) < 0) continue;
    const event = toEvent(call, args, Number(result), folder);
    if (event === null) continue;
    // The WAL index is rebuilt after a power loss, and the lock is not read.
    if (event.type !== 'sent' && !concerns(event.path, folder)) continue;
    events.push(event);
  }
  return events;
}

function concerns(path: string, folder: string): boolean {
  if (path.endsWith('-shm') || basename(path).includes('.lock')) return false;
  return path === folder || path.startsWith(`${folder}/`);
}

function toEvent(call: string, args: string, result: number, folder: string): DiskEvent | null {
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
      return { type: 'sync', path: handle };
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
