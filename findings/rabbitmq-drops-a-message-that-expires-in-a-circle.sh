#!/usr/bin/env bash
# What becomes of a message that two queues pass to each other by their TTL, as a timer that ticks, or as a job that waits and is looked at again?
#
# Versions:  RabbitMQ 3.10.8 of Debian 12 (rabbitmq-server), amqplib 2.3.1.
# Guess:     It goes round without end, until a consumer takes it.
# Behaviour: It is gone when it comes back to its first queue: in no queue, in no dead-letter queue, without an error, and the publisher had its confirm. If a consumer rejects it once in each round, it goes on.
# Why the guess is wrong: x-death lists the queues in which a message has expired. If it comes to one of them again, and no reject was in between, RabbitMQ takes it for an
#            endless loop and drops it.
# Source:    RabbitMQ documentation, Dead Letter Exchanges, "Dead-letter cycle" ("if there was no rejection in the entire cycle").
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
const next = (queue) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });
// Two that expire, and one that expires beside one whose consumer rejects.
await channel.assertQueue('first', { arguments: { ...next('second'), 'x-message-ttl': 300 } });
await channel.assertQueue('second', { arguments: { ...next('first'), 'x-message-ttl': 300 } });
await channel.assertQueue('wait', { arguments: { ...next('look'), 'x-message-ttl': 300 } });
await channel.assertQueue('look', { arguments: next('wait') });
let rejected = 0;
await channel.consume('look', (message) => {
  rejected += 1;
  channel.nack(message, false, false);
});
for (const queue of ['first', 'wait']) channel.sendToQueue(queue, Buffer.from('tick'), { persistent: true });
await channel.waitForConfirms();
console.log('both are confirmed');
// Several rounds of 600 and of 300 ms.
await sleep(4000);
const count = async (...queues) => {
  let sum = 0;
  for (const queue of queues) sum += (await channel.checkQueue(queue)).messageCount;
  return sum;
};
console.log(`two queues with a TTL: ${await count('first', 'second')} messages`);
const before = rejected;
await sleep(2000);
console.log(`a queue with a TTL and a consumer that rejects: ${rejected > before ? 'goes on' : 'gone'}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
both are confirmed
two queues with a TTL: 0 messages
a queue with a TTL and a consumer that rejects: goes on
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: RabbitMQ drops a message that expires in a circle of queues when it comes back to the first, without an error or a dead letter"
