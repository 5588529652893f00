// Bounds the bytes of large responses that are read or sent at the same time: a client that reads slowly keeps its response in memory.

import type { Connection } from '../fetch.ts';

interface RoomLimits {
  readonly totalBytes: number;
  /** Of one caller, so that no caller leaves nothing for the others. */
  readonly callerBytes: number;
}

/** The room of one response. It is given back when the response has been sent, or its connection is closed. */
export interface Room {
  /** States the bytes of the response, once they are known. */
  resize(bytes: number): void;
}

/** Of a response that needs none. */
export const NO_ROOM: Room = { resize: () => {} };

export interface ResponseRoom {
  /**
   * Resolves when there is room for a response of this size, first come, first served for each caller. A caller without a large
   * response always gets room. Resolves with null if the connection is closed before that.
   */
  take(caller: string, bytes: number, connection: Connection | null): Promise<Room | null>;
}

interface Waiting {
  readonly caller: string;
  readonly bytes: number;
  readonly enter: () => void;
}

// One function because the counts and those who wait change together.
export function createResponseRoom({ totalBytes, callerBytes }: RoomLimits): ResponseRoom {
  const held = new Map<string, number>();
  const waiting = new Set<Waiting>();
  let total = 0;

  function add(caller: string, bytes: number): void {
    total += bytes;
    const own = (held.get(caller) ?? 0) + bytes;
    if (own === 0) held.delete(caller);
    else held.set(caller, own);
  }

  function isRoomFor({ caller, bytes }: Waiting): boolean {
    const own = held.get(caller) ?? 0;
    // promise: large-responses-in-flight-are-bounded
    return own === 0 || (own + bytes <= callerBytes && total + bytes <= totalBytes);
  }

  function admit(): void {
    const behind = new Set<string>();
    for (const one of waiting) {
      if (behind.has(one.caller)) continue;
      if (isRoomFor(one)) one.enter();
      else behind.add(one.caller);
    }
  }

  return {
    take: (caller, bytes, connection) => {
      // Nothing would report when the response has been sent.
      if (connection === null) return Promise.resolve(NO_ROOM);
      return new Promise((resolve) => {
        let size = 0;
        let isOver = false;
        const resize = (to: number) => {
          add(caller, isOver ? 0 : to - size);
          size = to;
          admit();
        };
        const one: Waiting = {
          caller,
          bytes,
          enter: () => {
            waiting.delete(one);
            size = bytes;
            add(caller, bytes);
            resolve({ resize });
          },
        };
        waiting.add(one);
        const leave = () => {
          if (isOver) return;
          if (waiting.delete(one)) resolve(null);
          resize(0);
          isOver = true;
        };
        connection.onClose(leave);
        if (!isOver) admit();
      });
    },
  };
}
