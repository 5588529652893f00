// Whether the operators' webhook accepts a signed event.

import type { Config } from '../../config/config.ts';
import { isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { OPERATORS } from '../../webhooks/port.ts';
import { createWebhookSender } from '../../webhooks/sender.ts';
import { createUrlPolicy } from '../../webhooks/url-policy.ts';
import { type Check, fail, ok } from './check.ts';

const NAME = 'incident webhook';

/** Sends an event of the type `incident.test`, which is about no incident. */
export async function checkIncidentWebhook({ incidentWebhook, proxies }: Config, world: World): Promise<Check[]> {
  if (incidentWebhook === null) return [];
  const { url, secrets } = incidentWebhook;
  const { origin } = new URL(url);
  const sender = createWebhookSender({
    policy: createUrlPolicy([{ app: OPERATORS, origin }]),
    secretsOf: () => secrets,
    world,
    proxies: proxies.notifications,
  });
  try {
    const now = world.now();
    const sent = await sender.deliver({
      id: `incident_test_${world.id(now)}`,
      app: OPERATORS,
      url,
      body: JSON.stringify({ type: 'incident.test', timestamp: isoTime(now), data: {} }),
      traceparent: null,
      tracestate: null,
    });
    if (sent.type === 'delivered') return [ok(NAME, `${origin} accepted a test event in ${sent.latencyMs} ms`)];
    const advice =
      'check INCIDENT_WEBHOOK_URL, the way there (DNS, NOTIFY_PROXY, firewall) and INCIDENT_WEBHOOK_SECRET';
    return [fail(NAME, `${origin} did not accept a test event: ${sent.message}`, advice)];
  } finally {
    sender.close();
  }
}
