// Loop that announces incidents to the operators' webhook (Standard Webhooks), until the webhook accepts them.

import { announcementBody } from '../../incident/incident.ts';
import type { WebhookProblem } from '../../incident/signals.ts';
import { exponentialMs } from '../../lib/backoff.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Round } from '../../lib/loop.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { Announcement, AnnouncementResult, Incidents } from '../../store/incidents-port.ts';
import { StoreUnavailable } from '../../store/port.ts';
import { type DeliveryResult, OPERATORS, type WebhookSender } from '../../webhooks/port.ts';

/** How long an event is announced, in milliseconds. */
export const ANNOUNCE_FOR_MS = DAY_MS;

const RETRIES = { baseMs: 5_000, maxMs: 300_000 };
const BATCH = 10;
const CHECK_MS = 5_000;
/**
 * A round begins no further delivery after this time: of a webhook that answers late or never, ten deliveries would last for minutes,
 * and the loop would count as stuck.
 */
const MAX_ROUND_MS = 30_000;

export interface AnnouncerTools {
  readonly store: Pick<Incidents, 'dueAnnouncements' | 'recordAnnouncement'>;
  readonly webhooks: Pick<WebhookSender, 'deliver'>;
  readonly url: string;
  readonly world: Pick<World, 'now' | 'elapsed' | 'random'>;
  readonly log: Log;
}

export function createAnnouncer({ store, webhooks, url, world, log }: AnnouncerTools) {
  let problem: WebhookProblem | null = null;

  function resultOf({ attempts, giveUpAt }: Announcement, sent: DeliveryResult): AnnouncementResult {
    const now = world.now();
    if (sent.type === 'delivered') return { deliveredAt: now, retryAt: null, error: null };
    const floorMs = sent.type === 'gone' ? 0 : sent.retryAfterMs;
    const waitMs = Math.max(floorMs, exponentialMs(RETRIES, attempts + 1) * (0.5 + 0.5 * world.random()));
    const retryAt = now + waitMs;
    return { deliveredAt: null, retryAt: retryAt < giveUpAt ? retryAt : null, error: sent.message };
  }

  async function announce(announcement: Announcement): Promise<void> {
    const { id, event, incident } = announcement;
    // promise: announcement-keeps-its-id
    const messageId = `incident_${incident.id}_${event.type}`;
    const sent = await webhooks.deliver({
      id: messageId,
      app: OPERATORS,
      url,
      body: announcementBody(event, incident),
      traceparent: null,
      tracestate: null,
    });
    const result = resultOf(announcement, sent);
    problem = result.error === null ? null : { since: problem?.since ?? world.now(), reason: result.error };
    await store.recordAnnouncement(id, result);
    if (result.error === null) return;
    const facts = { incident: incident.id, event: event.type, reason: result.error };
    if (result.retryAt === null) log.error(facts, 'the webhook for incidents did not accept an event: it is given up');
    else log.warn(facts, 'the webhook for incidents did not accept an event: it is sent again');
  }

  return {
    /** Returns why the webhook accepts nothing; null while it accepts events, and before the first one. */
    problem: (): WebhookProblem | null => problem,
    work: async ({ signal }: Round): Promise<number | null> => {
      const begun = world.elapsed();
      try {
        for (const one of await store.dueAnnouncements(BATCH, world.now())) {
          if (signal.aborted) return null;
          // promise: slow-webhook-sticks-no-loop
          if (world.elapsed() - begun >= MAX_ROUND_MS) return 0;
          await announce(one);
        }
      } catch (error) {
        // The event is sent again under the same id, by which the webhook recognises it.
        if (!(error instanceof StoreUnavailable)) throw error;
        log.debug(() => ({ reason: reasonOf(error) }), 'the result of an announcement could not be stored');
      }
      return CHECK_MS;
    },
  };
}
