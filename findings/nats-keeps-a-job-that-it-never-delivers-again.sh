#!/usr/bin/env bash
# Where is a job of a NATS work queue after its last delivery of max_deliver has failed, and which figure of the consumer shows it?
#
# Versions:  nats-server 2.9.10 of Debian 12 (nats-server), nats 2.29.3 for Node.
# Guess:     It is removed, or counted as pending, so that an alert on a queue that is not empty fires; with a higher max_deliver it comes
#            again.
# Behaviour: It stays in the stream for good, and the consumer never delivers it again. num_pending and num_ack_pending are 0, which is the
#            state of a consumer that has done all. A higher max_deliver does not bring it back, nor does a worker that starts again. As a
#            work queue deletes what is acknowledged, it counts against max_msgs from then on.
# Why the guess is wrong: "pending" counts what the consumer has not yet delivered. There is no dead-letter queue: the server publishes one
#            advisory, $JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES, without storing it. messages of the stream above num_pending +
#            num_ack_pending is the only lasting sign. A consumer that is created again gets the job.
# Source:    NATS documentation, JetStream consumers, "MaxDeliver"; server/consumer.go, getNextMsg (rdc > maxdc).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v nats-server >/dev/null || { echo "needs nats-server" >&2; exit 2; }
case "$(nats-server --version)" in *v2.9.10*) ;; *) echo "needs nats-server 2.9.10" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts nats@2.29.3
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, RetentionPolicy, connect } from 'nats';

const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', `${process.cwd()}/data`], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGKILL'));
let connection;
for (let n = 0; n < 200 && !connection; n++) {
  connection = await connect({ port }).catch(() => sleep(50));
}
const manager = await connection.jetstreamManager();
const client = connection.jetstream();
const options = { durable_name: 'worker', ack_policy: AckPolicy.Explicit, ack_wait: 300_000_000, max_deliver: 2 };
await manager.streams.add({ name: 'JOBS', subjects: ['jobs'], retention: RetentionPolicy.Workqueue });
await manager.consumers.add('JOBS', options);
await client.publish('jobs', 'charge order-4711');
const deliveries = async () => {
  const consumer = await client.consumers.get('JOBS', 'worker');
  const counts = [];
  // Not acknowledged: the worker fails. The last wait is longer than ack_wait.
  for (let message = await consumer.next({ expires: 2000 }); message; message = await consumer.next({ expires: 2000 })) counts.push(message.info.redeliveryCount);
  return counts.join(' ') || 'none';
};
const show = async () => {
  const { num_pending, num_ack_pending } = await manager.consumers.info('JOBS', 'worker');
  return `messages ${(await manager.streams.info('JOBS')).state.messages}, num_pending ${num_pending}, num_ack_pending ${num_ack_pending}`;
};
console.log(`max_deliver 2: deliveries ${await deliveries()}; then ${await show()}`);
await manager.consumers.update('JOBS', 'worker', { max_deliver: 10 });
console.log(`max_deliver 10: deliveries ${await deliveries()}; ${await show()}`);
await manager.consumers.delete('JOBS', 'worker');
await manager.consumers.add('JOBS', options);
console.log(`the consumer created again: deliveries ${await deliveries()}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
max_deliver 2: deliveries 1 2; then messages 1, num_pending 0, num_ack_pending 0
max_deliver 10: deliveries none; messages 1, num_pending 0, num_ack_pending 0
the consumer created again: deliveries 1 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: NATS keeps a job after max_deliver in the work queue, never delivers it again, and shows nothing pending"
