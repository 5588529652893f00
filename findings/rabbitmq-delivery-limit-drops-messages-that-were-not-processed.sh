#!/usr/bin/env bash
# Which messages does a quorum queue with x-delivery-limit 2 drop, if a consumer of one message at a time crashes three times?
#
# Versions:  RabbitMQ 3.10.8 of Debian 12 (rabbitmq-server), amqplib 2.3.1.
# Guess:     The message that the consumer worked on. The others were only sent ahead (prefetch); none of them was rejected or failed.
# Behaviour: All that were sent ahead: with prefetch 10 five jobs are gone, four of which no consumer ever began. Without a dead-letter exchange no
#            trace is left, and without a prefetch the whole queue is sent ahead. A classic queue keeps all five. A deployment that
#            restarts consumers in a loop empties a quorum queue in this way; RabbitMQ 4 sets a limit of 20 by default.
# Why the guess is wrong: the queue counts deliveries to a channel, and raises the count of each message that returns, whether by a negative
#            acknowledgement or because the connection has ended. It cannot know which of the delivered messages was begun.
# Source:    RabbitMQ documentation, quorum queues, "poison message handling"; deps/rabbit/src/rabbit_fifo.erl, return_one.
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

const url = `amqp://127.0.0.1:${process.env.PORT}?heartbeat=0`;
const publisher = await (await amqp.connect(url)).createConfirmChannel();
for (const [type, rest] of [['quorum', { 'x-delivery-limit': 2 }], ['classic', {}]]) {
  await publisher.assertQueue(type, { durable: true, arguments: { 'x-queue-type': type, ...rest } });
  for (let n = 1; n <= 5; n++) publisher.sendToQueue(type, Buffer.from(`job ${n}`), { persistent: true });
  await publisher.waitForConfirms();
  const ready = async (expected) => {
    while ((await publisher.checkQueue(type)).messageCount !== expected) await sleep(50);
  };
  const begun = new Set();
  for (let crash = 1; crash <= 3; crash++) {
    const connection = await amqp.connect(url);
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    await channel.prefetch(10);
    let received = 0;
    await new Promise((resolve) => {
      channel.consume(type, ({ content }) => {
        // It works on the first message only, and crashes before it has done with it.
        if (received === 0) begun.add(content.toString());
        if (++received === 5) resolve();
      });
    });
    connection.connection.stream.destroy();
    if (crash < 3) await ready(5);
  }
  // Time to return, for what returns.
  await sleep(2000);
  console.log(`${type}: begun ${[...begun].join(', ')}; left after three crashes ${(await publisher.checkQueue(type)).messageCount} of 5`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
quorum: begun job 1; left after three crashes 0 of 5
classic: begun job 1; left after three crashes 5 of 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: RabbitMQ counts for x-delivery-limit what was only prefetched: three crashes of a consumer at one message drop all five"
