#!/usr/bin/env bash
# Where in the queue is a message that the only consumer rejects with requeue: true, because what it needs is not there yet?
#
# Versions:  RabbitMQ 3.10.8 of Debian 12 (rabbitmq-server), amqplib 2.3.1.
# Guess:     At its old place, the head, in every type of queue: so it is documented for queues, and a single consumer with prefetch 1 keeps
#            the order.
# Behaviour: In a quorum queue it goes to the end: 1 2 3 4 1. The same queue with x-delivery-limit has it at the head: 1 1 2 3 4, as a classic
#            queue does. "paid" is handled after "refunded", or not, depending on an option that is about messages that always fail.
# Why the guess is wrong: a quorum queue is a log. A message at the head that is requeued again and again keeps the log from being truncated,
#            so that since 3.10 it is appended again, if no limit ends the repetition.
# Source:    rabbitmq/rabbitmq-server, issue 3776; RabbitMQ documentation, quorum queues, "repeated requeues".
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
import amqp from 'amqplib';

const connection = await amqp.connect(`amqp://127.0.0.1:${process.env.PORT}`);
const publisher = await connection.createConfirmChannel();
const VARIANTS = { 'quorum': {}, 'quorum with x-delivery-limit 5': { 'x-delivery-limit': 5 }, 'classic': {} };
for (const [name, rest] of Object.entries(VARIANTS)) {
  await publisher.assertQueue(name, { durable: true, arguments: { 'x-queue-type': name.split(' ')[0], ...rest } });
  for (let n = 1; n <= 4; n++) publisher.sendToQueue(name, Buffer.from(String(n)), { persistent: true });
  await publisher.waitForConfirms();
  const channel = await connection.createChannel();
  await channel.prefetch(1);
  const received = [];
  await new Promise((resolve) => {
    channel.consume(name, (message) => {
      received.push(message.content.toString());
      if (received.length === 1) channel.nack(message, false, true);
      else channel.ack(message);
      if (received.length === 5) resolve();
    });
  });
  console.log(`${name}: ${received.join(' ')}`);
  await channel.close();
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
quorum: 1 2 3 4 1
quorum with x-delivery-limit 5: 1 1 2 3 4
classic: 1 1 2 3 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a RabbitMQ quorum queue puts a requeued message at its end, unless it has an x-delivery-limit"
