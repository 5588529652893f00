// Remembers that the disk of the server was full until a large write succeeds: small ones succeed earlier, in the space that is left.

import { StoreUnavailable } from '../../port.ts';
import { isDiskFull, isUnavailable, unavailable } from './errors.ts';
import type { Session } from './session.ts';

/** Writes a megabyte to a temporary file on the disk of the tables, which is gone when the statement ends. */
const LARGE_WRITE = `DO $$ BEGIN
  SET LOCAL work_mem = '64kB';
  SET LOCAL temp_tablespaces = '';
  PERFORM count(*) FROM unnest(array_fill(repeat('x', 1024), ARRAY[1024]));
END $$`;

export interface Room {
  /** The session, of which each commit is noted that was refused because the disk is full. */
  readonly session: Session;
  /** Returns why a commit may fail now; null unless the disk was full. */
  problem(): string | null;
  /** Finds out whether a disk that was full has room again. @throws {StoreUnavailable} while it has none. */
  verify(): Promise<void>;
}

export function createRoom(session: Session): Room {
  /** Refused commits since the last large write. */
  let refused = 0;

  async function noting<T>(commit: Promise<T>): Promise<T> {
    try {
      return await commit;
    } catch (error) {
      if (!isDiskFull(error instanceof StoreUnavailable ? error.cause : error)) throw error;
      refused += 1;
      throw error instanceof StoreUnavailable ? error : unavailable(error);
    }
  }

  return {
    session: {
      ...session,
      all: (text, values, name) => noting(session.all(text, values, name)),
      apply: (call, asLeader) => noting(session.apply(call, asLeader)),
      write: (statement, values) => noting(session.write(statement, values)),
      writeAsLeader: (statement, values) => noting(session.writeAsLeader(statement, values)),
    },
    problem: () => (refused === 0 ? null : 'the disk of the database server is full'),
    verify: async () => {
      if (refused === 0) return;
      const before = refused;
      try {
        await session.all(LARGE_WRITE, []);
      } catch (error) {
        throw isUnavailable(error) ? unavailable(error) : error;
      }
      refused -= before;
    },
  };
}
