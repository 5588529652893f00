#!/usr/bin/env bash
# Where is a job that a consumer rejects to a dead-letter queue that is full, and refuses new messages (reject-publish)?
#
# Versions:  RabbitMQ 3.10.8 of Debian 12 (rabbitmq-server), amqplib 2.3.1.
# Guess:     In its queue, until there is space: durable queues and persistent messages lose nothing, and a refusal reaches the one who sends.
# Behaviour: Nowhere. Of three rejected jobs one is in the dead-letter queue and two are gone. basic.reject has no answer. A quorum queue with
#            x-dead-letter-strategy=at-least-once (and overflow reject-publish) keeps them, and tries again every three minutes (here: every
#            second).
# Why the guess is wrong: a queue publishes dead letters without confirms, and removes the message first. The refusal has no receiver. The
#            limit that protects the disk from unread dead letters deletes what they are kept for.
# Source:    RabbitMQ documentation, dead letter exchanges, "safety" ("messages are re-published without publisher confirms turned on
#            internally"), and quorum queues, "at-least-once dead lettering".
# Output seen: the text in `expected` at the end.
set -euo pipefail
server=/usr/lib/rabbitmq/bin/rabbitmq-server
[ -x "$server" ] || { echo "needs rabbitmq-server" >&2; exit 2; }
dpkg-query -W -f '${Version}' rabbitmq-server | grep -q '^3\.10\.8-' || { echo "needs RabbitMQ 3.10.8 of Debian 12" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts amqplib@2.3.1
as=()
mkdir node
# A server that root starts runs as another user.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups)
  chmod 711 "$work"
  chown rabbitmq node
fi
# Three free ports: of the broker, of Erlang's distribution, and of its port mapper.
read -r PORT distribution ERL_EPMD_PORT < <(node -e '
  const servers = [0, 0, 0].map(() => require("node:net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => { console.log(servers.map((server) => server.address().port).join(" ")); process.exit(0); }, 100);')
export PORT ERL_EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1
echo "listeners.tcp.default = 127.0.0.1:$PORT" >rabbitmq.conf
"${as[@]}" env HOME="$work/node" RABBITMQ_NODENAME=probe@localhost RABBITMQ_MNESIA_BASE="$work/node" RABBITMQ_LOG_BASE="$work/node" \
  RABBITMQ_CONFIG_FILE="$work/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$work/node/plugins" RABBITMQ_DIST_PORT="$distribution" \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} -rabbit dead_letter_worker_publisher_confirm_timeout 1000' "$server" >log 2>&1 &
broker=$!
# The broker starts a port mapper of its own, which stays.
trap 'kill "$broker" && wait "$broker" || true; epmd -kill >/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 600); do
  if grep -q 'completed with' log; then break; fi
  sleep 0.1
done
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import amqp from 'amqplib';

const channel = await (await amqp.connect(`amqp://127.0.0.1:${process.env.PORT}`)).createConfirmChannel();
const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
const VARIANTS = {
  'classic': { 'x-queue-type': 'classic' },
  'quorum': { 'x-queue-type': 'quorum' },
  'quorum, at least once': { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-dead-letter-strategy': 'at-least-once' },
};
for (const [name, rest] of Object.entries(VARIANTS)) {
  const dead = `dead letters of ${name}`;
  await channel.assertQueue(dead, { durable: true, arguments: full });
  await channel.assertQueue(name, { durable: true, arguments: { ...rest, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead } });
  for (let n = 1; n <= 3; n++) channel.sendToQueue(name, Buffer.from(`job ${n}`), { persistent: true });
  await channel.waitForConfirms();
  for (let n = 1; n <= 3; n++) channel.reject(await channel.get(name), false);
  // What is kept for later is sent when there is space: the dead letters are read one after the other.
  const found = [];
  for (let n = 0; n < 60 && found.length < 3; n++) {
    await sleep(500);
    const message = await channel.get(dead);
    if (message) {
      found.push(message.content.toString());
      channel.ack(message);
    } else if (n > 20 && !name.includes('once')) break;
  }
  console.log(`${name}: dead letters ${found.join(', ')}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
classic: dead letters job 1
quorum: dead letters job 1
quorum, at least once: dead letters job 1, job 2, job 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: RabbitMQ loses a rejected job without a sign if its dead-letter queue refuses it"
