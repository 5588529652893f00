#!/usr/bin/env bash
# What has RabbitMQ stored of a message that it refuses (basic.nack), if its exchange has two queues of which one is full?
#
# Versions:  RabbitMQ 3.10.8 of Debian 12 (rabbitmq-server), amqplib 2.3.1.
# Guess:     Nothing. A publisher that gets a nack repeats the message until it is confirmed; that is how to publish at least once.
# Behaviour: The queue that is not full stores each attempt. Three attempts and a success after a message has left the full queue give four copies
#            in the ledger, and one in the other queue. Every nack was a delivery to one of them.
# Why the guess is wrong: an exchange hands the message to all queues at once, without a transaction. The nack says that at least one has not
#            taken it, and not which. A queue with overflow "reject-publish" that is added later changes the meaning of the
#            confirms of existing publishers. Each consumer needs an id to recognise repetitions.
# Source:    RabbitMQ documentation, queue length limit, "overflow behaviour": a message that at least one queue rejects is still published to
#            all others.
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

const channel = await (await amqp.connect(`amqp://127.0.0.1:${process.env.PORT}`)).createConfirmChannel();
await channel.assertExchange('results', 'fanout', { durable: true });
await channel.assertQueue('ledger', { durable: true });
await channel.assertQueue('mail', { durable: true, arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
for (const queue of ['ledger', 'mail']) await channel.bindQueue(queue, 'results', '');
const publish = (id) => new Promise((resolve) => {
  channel.publish('results', '', Buffer.from(id), { persistent: true, mandatory: true, messageId: id }, (error) => resolve(error ? 'nack' : 'ack'));
});
console.log(`order-1: ${await publish('order-1')}`);
const attempts = [];
for (let n = 0; n < 3; n++) attempts.push(await publish('order-2'));
channel.ack(await channel.get('mail'));
attempts.push(await publish('order-2'));
console.log(`order-2: ${attempts.join(' ')}`);
await sleep(500);
for (const queue of ['ledger', 'mail']) {
  const ids = [];
  for (let message = await channel.get(queue); message; message = await channel.get(queue)) ids.push(message.properties.messageId);
  console.log(`${queue}: ${ids.join(' ')}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
order-1: ack
order-2: nack nack nack ack
ledger: order-1 order-2 order-2 order-2 order-2
mail: order-2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: RabbitMQ stores a message that it refuses in every queue that is not full, so that each repetition is another copy"
