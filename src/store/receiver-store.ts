// The store of a running receiver: all roles of the port, and what the receiver needs to know about its database.

import type { Store } from './port.ts';

export interface ReceiverStore extends Store {
  /** The newest time that a receiver wrote before this start, milliseconds; null if none did. */
  readonly newestTime: number | null;
  /** True when the database turned out to be a backup: its queued executions may have been sent since it was made. */
  readonly isRestoredBackup: boolean;
  /** Notes that the queue of a restored backup is held. */
  adoptBackup(): Promise<void>;
  /** Null for a database on a server, whose files and disk are its own. */
  readonly file: DatabaseFile | null;
  /**
   * Returns whether no other receiver can be active now. Otherwise nothing that was claimed may be sent: this process may have been
   * stopped for a while, and another receiver may have ended the work since.
   */
  isActive(): boolean;
  /** Resolves when another receiver has become active instead; never for a database of one process. */
  readonly replaced: Promise<void>;
}

/** A database that is a file. */
export interface DatabaseFile {
  /** The real path of the file, after symbolic links. */
  readonly databasePath: string;
  /** Returns why nothing can be committed until a restart, because the file was removed or replaced; null while it is in place. */
  checkFile(): string | null;
  /** Returns how long readers had kept the write-ahead log from starting again at the latest commit, in milliseconds. */
  checkpointsBlockedMs(): number;
  /** Returns the paths of the copies that upgrades and rescues put beside the file. */
  copies(): string[];
}

/** Another receiver is active on the database: this one may stand by. */
export class AnotherIsActive extends Error {
  override readonly name = 'AnotherIsActive';
}
