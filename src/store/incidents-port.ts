// The incident role of a store: incidents with their history, the executions they affect, and what is to be announced.

import type { Incident, IncidentEventType, IncidentState } from '../incident/incident.ts';

/** An entry of the history of an incident, which is never changed. */
export interface IncidentEvent {
  readonly at: number;
  readonly type: IncidentEventType;
  /** The operator; null: the receiver. */
  readonly by: string | null;
}

/** An execution that an incident counts. */
export interface CountedReference {
  readonly incident: string;
  readonly reference: string;
  readonly isAffected: boolean;
}

export interface IncidentChanges {
  readonly incidents: readonly Incident[];
  readonly events: readonly (IncidentEvent & { readonly incident: string })[];
  readonly references: readonly CountedReference[];
}

export interface IncidentQuery {
  /** Left out: all. */
  readonly state?: IncidentState;
  /** Started at or after, milliseconds. */
  readonly from?: number;
  /** Started before, milliseconds. */
  readonly to?: number;
  readonly limit: number;
}

export interface IncidentPage {
  /** Those that have not ended, the worst first; then the ended ones, the newest first. */
  readonly items: readonly Incident[];
  /** True if the limit left some out. */
  readonly more: boolean;
}

export type Acknowledgement =
  | { readonly outcome: 'acknowledged' | 'already' | 'ended'; readonly incident: Incident }
  | { readonly outcome: 'unknown' };

/** An event that the operators' webhook has not accepted. */
export interface Announcement {
  /** The id of the event, the same for all attempts. */
  readonly id: number;
  readonly event: IncidentEvent;
  /** As it is now. */
  readonly incident: Incident;
  readonly attempts: number;
  readonly giveUpAt: number;
}

/** The result of an attempt to announce. Null for `retryAt`: there is no further attempt. */
export interface AnnouncementResult {
  readonly deliveredAt: number | null;
  readonly retryAt: number | null;
  readonly error: string | null;
}

export interface Incidents {
  /** Returns the incidents that have not ended. */
  openIncidents(): Promise<readonly Incident[]>;
  /** Returns what a page of the newest incidents shows. */
  listIncidents(query: IncidentQuery): Promise<IncidentPage>;
  findIncident(id: string): Promise<Incident | undefined>;
  /** Returns the history of an incident, oldest first. */
  incidentHistory(id: string): Promise<readonly IncidentEvent[]>;
  /** Returns the executions that an incident counts. */
  countedReferences(id: string): Promise<readonly CountedReference[]>;
  /** Stores changes in one commit. An acknowledgement that was stored meanwhile stays. `giveUpAt`: null for no announcements. */
  saveIncidents(changes: IncidentChanges, giveUpAt: number | null): Promise<void>;
  /** Notes who looks after an incident. A second acknowledgement changes nothing. */
  acknowledgeIncident(id: string, by: string, now: number, giveUpAt: number | null): Promise<Acknowledgement>;
  /** Returns announcements that are due, oldest first. */
  dueAnnouncements(limit: number, now: number): Promise<readonly Announcement[]>;
  /** Returns the number of events that the webhook has not accepted and that are sent again. */
  waitingAnnouncements(): Promise<number>;
  recordAnnouncement(id: number, result: AnnouncementResult): Promise<void>;
  /** Removes incidents that ended before then, with their history. Returns their number. */
  pruneIncidents(before: number): Promise<number>;
}
