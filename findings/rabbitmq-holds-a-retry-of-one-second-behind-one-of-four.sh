#!/usr/bin/env bash
# When does a message with an expiration of one second leave a queue for retries, in which one of four seconds is before it?
#
# Versions:  RabbitMQ 3.10.8 of Debian 12 (rabbitmq-server), amqplib 2.3.1.
# Guess:     After a second: the expiration is that of the message. One queue with a dead-letter exchange, and a growing expiration for each attempt, is a common way to do backoff.
# Behaviour: After four seconds, behind the other one. A first retry waits as long as the longest that was queued before it, here for a minute or a day if the backoff grows to that. In a queue
#            for each delay, both come in time.
# Why the guess is wrong: a queue removes expired messages at its head only. It does not look behind a message that may stay.
# Source:    RabbitMQ documentation, Time-To-Live and Expiration, Caveats ("Only when expired messages reach the head of a queue").
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
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' "$server" >log 2>&1 &
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

const channel = await (await amqp.connect(`amqp://127.0.0.1:${process.env.PORT}`)).createChannel();
await channel.assertQueue('due');
const arguments_ = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'due' };
for (const queue of ['retries', 'retries of 4 s', 'retries of 1 s']) await channel.assertQueue(queue, { arguments: arguments_ });
let began = 0;
await channel.consume('due', (message) => {
  console.log(`  ${message.content} arrives after ${Math.round((performance.now() - began) / 1000)} s`);
}, { noAck: true });
for (const [title, queues] of [['one queue', ['retries', 'retries']], ['a queue for each delay', ['retries of 4 s', 'retries of 1 s']]]) {
  console.log(title);
  began = performance.now();
  channel.sendToQueue(queues[0], Buffer.from('the retry in 4 s'), { expiration: 4000 });
  channel.sendToQueue(queues[1], Buffer.from('the retry in 1 s'), { expiration: 1000 });
  await sleep(5500);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
one queue
  the retry in 4 s arrives after 4 s
  the retry in 1 s arrives after 4 s
a queue for each delay
  the retry in 1 s arrives after 1 s
  the retry in 4 s arrives after 4 s
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a message that has expired waits in a RabbitMQ queue until all before it have expired, so that a retry in one second comes after one in four"
