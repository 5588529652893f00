// The store of a running receiver: all roles of the port, and what the receiver needs to know about its database.

import type { LeaderChannel } from './leader-port.ts';
import type { Store } from './port.ts';
import type { SubmissionRates } from './rates-port.ts';

export interface ReceiverStore extends Store {
  /** The newest time that a receiver wrote before this start, milliseconds; null if none did. */
  readonly newestTime: number | null;
  /** True when the database turned out to be a backup, or a copy from before the last start: its queued executions may have been sent since it was made. */
  readonly isRestoredBackup: boolean;
  /** Holds the queue of a restored backup, and notes that it is held. Returns what `hold` does; 0 if another receiver has held it. */
  adoptBackup(hold: () => Promise<number>): Promise<number>;
  /** What several receivers share; null for a database of one process. */
  readonly shared: SharedParts | null;
  /** Null for a database on a server, whose files and disk are its own. */
  readonly file: DatabaseFile | null;
  readonly leadership: Leadership;
}

/**
 * Of the receivers on a database, one leads: it alone sends, polls, ends what is due, notifies, prunes and judges. Every receiver
 * serves requests. On a database of one process, that one leads.
 */
export interface Leadership {
  /**
   * Returns whether no other receiver can lead now. Otherwise nothing that was claimed may be sent: this process may have been
   * stopped for a while, and another receiver may have ended the work since.
   */
  leads(): boolean;
  /** The term in which this receiver leads, which another leader in between ends; null while another one leads. */
  term(): number | null;
  /** Calls the listener with each new term, and with null when another receiver leads. Returns a function that stops the calls. */
  watch(listener: (term: number | null) => void): () => void;
  /**
   * Ends the term of this receiver for good, so that another one leads at once. None of its requests to CXone is sent any more.
   * @param last runs if it has led, once it sends nothing and before another one leads
   * @throws {StoreUnavailable | Error} if the database did not note it; another one leads later then.
   */
  handOver(last: () => Promise<void>): Promise<void>;
}

/** What the receivers of one database share besides executions. */
export interface SharedParts extends SubmissionRates {
  readonly leaderChannel: LeaderChannel;
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
