// A disk that loses data without fsync: file contents and names apart, each made durable only by its own fsync.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Dice } from '../../src/simulator/dice.ts';
import type { DiskEvent } from './disk-log.ts';

/**
 * The unsynced data that survives the power failure. `nothing`: the strictest disk. `everything`: as after kill -9. `some`:
 * each write at random, in any order. `torn`: each sector of each write at random.
 */
export type Survival = 'nothing' | 'everything' | 'some' | 'torn';

const SECTOR_BYTES = 512;

interface Change {
  /** Index of its event. */
  readonly at: number;
  readonly offset: number;
  /** Null: truncated, or filled with zeros, at the offset. */
  readonly data: Buffer | null;
}

interface Content {
  room: Buffer;
  size: number;
}

interface File {
  readonly durable: Content;
  pending: Change[];
}

type Node = File | 'folder';

export interface Disk {
  apply(event: DiskEvent): void;
  /** Writes the content after a power failure now into a folder that stands for the parent of the traced one. */
  fail(survival: Survival, dice: Dice, into: string): void;
}

/** `root`: the folder that is known to be durable; all traced files are in it. */
export function createDisk(root: string): Disk {
  const seen = new Map<string, Node>();
  const durableNames = new Map<string, Node>();
  let pendingNames: { readonly at: number; readonly path: string; readonly node: Node | null }[] = [];
  let at = -1;

  function name(path: string, node: Node | null): void {
    if (node === null) seen.delete(path);
    else seen.set(path, node);
    pendingNames.push({ at, path, node });
  }

  function fileAt(path: string): File {
    const node = seen.get(path);
    if (node === undefined || node === 'folder') throw new Error(`${path} was never created`);
    return node;
  }

  function sync(path: string, covers: number): void {
    const node = seen.get(path);
    if (node !== undefined && node !== 'folder') {
      for (const one of node.pending) if (one.at < covers) change(node.durable, one);
      node.pending = node.pending.filter((one) => one.at >= covers);
      return;
    }
    const isCovered = (named: { readonly at: number; readonly path: string }) =>
      dirname(named.path) === path && named.at < covers;
    for (const named of pendingNames) if (isCovered(named)) setName(durableNames, named.path, named.node);
    pendingNames = pendingNames.filter((named) => !isCovered(named));
  }

  return {
    apply: (event) => {
      at += 1;
      switch (event.type) {
        case 'folder':
          name(event.path, 'folder');
          return;
        case 'create':
          if (!seen.has(event.path)) name(event.path, { durable: { room: Buffer.alloc(0), size: 0 }, pending: [] });
          return;
        case 'unlink':
          name(event.path, null);
          return;
        case 'sync':
          sync(event.path, event.covers);
          return;
        case 'write':
          fileAt(event.path).pending.push({ at, offset: event.offset, data: event.data });
          return;
        case 'truncate':
          fileAt(event.path).pending.push({ at, offset: event.size, data: null });
          return;
        case 'sent':
          return;
        default:
          event satisfies never;
      }
    },

    fail: (survival, dice, into) => {
      const survives = chance(survival, dice);
      const names = new Map(durableNames);
      for (const { path, node } of pendingNames) if (survives()) setName(names, path, node);
      for (const [path, node] of names) {
        if (node === 'folder' || !reachable(names, path, root)) continue;
        const target = join(into, relative(root, path));
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, leftOf(node, survival, survives));
      }
    },
  };
}

function chance(survival: Survival, dice: Dice): () => boolean {
  let throws = 0;
  return () => {
    if (survival === 'nothing' || survival === 'everything') return survival === 'everything';
    throws += 1;
    return dice.roll('survives', throws) < 0.5;
  };
}

function leftOf({ durable, pending }: File, survival: Survival, survives: () => boolean): Buffer {
  const left = copyOf(durable);
  const parts = survival === 'torn' ? pending.flatMap(sectors) : pending;
  for (const part of parts) if (survives()) change(left, part);
  return left.room.subarray(0, left.size);
}

function setName(names: Map<string, Node>, path: string, node: Node | null): void {
  if (node === null) names.delete(path);
  else names.set(path, node);
}

/** A file in a deleted folder is deleted. */
function reachable(names: ReadonlyMap<string, Node>, path: string, root: string): boolean {
  const folder = dirname(path);
  return folder === root || (names.has(folder) && reachable(names, folder, root));
}

function sectors({ at: index, offset, data }: Change): Change[] {
  if (data === null) return [{ at: index, offset, data }];
  const parts: Change[] = [];
  for (let at = 0; at < data.length; ) {
    const next = Math.min(data.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    parts.push({ at: index, offset: offset + at, data: data.subarray(at, next) });
    at = next;
  }
  return parts;
}

/** Changes the content in place; the space after it is always zero, as a file system fills a gap. */
function change(content: Content, { offset, data }: Change): void {
  const size = data === null ? offset : Math.max(content.size, offset + data.length);
  if (size > content.room.length) content.room = Buffer.concat([content.room], 2 * size);
  data?.copy(content.room, offset);
  content.room.fill(0, size, Math.max(size, content.size));
  content.size = size;
}

function copyOf({ room, size }: Content): Content {
  return { room: Buffer.from(room.subarray(0, size)), size };
}
