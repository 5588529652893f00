#!/usr/bin/env bash
# What does NATS store of two messages with the same Nats-Msg-Id, a charge and its refund, on two subjects and with different bodies?
#
# Versions:  nats-server 2.9.10 of Debian 12 (nats-server), nats 2.29.3 for Node.
# Guess:     Both: a duplicate is the same message again, with this id on this subject. Different contents get an error, as with an
#            Idempotency-Key.
# Behaviour: The first. The second is acknowledged, with the sequence number of the first and "duplicate": true, and is stored nowhere, so
#            that a publisher that only waits for the acknowledgement has lost the refund. This holds also after the first was processed and
#            deleted from the work queue. After the window (two minutes by default) the same id is stored again: a repetition that comes late
#            is a second charge.
# Why the guess is wrong: the server keeps the ids of a stream in a table with times; subject, body and what became of the message are not in
#            it. An id needs the kind of the message in it, and does not replace the consumer's own check.
# Source:    NATS documentation, JetStream model deep dive, "Message Deduplication"; server/stream.go, processJetStreamMsg, checkMsgId.
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
await manager.streams.add({ name: 'MONEY', subjects: ['money.*'], retention: RetentionPolicy.Workqueue, duplicate_window: 2_000_000_000 });
await manager.consumers.add('MONEY', { durable_name: 'worker', ack_policy: AckPolicy.Explicit });
const publish = async (subject, body) => {
  const { seq, duplicate } = await client.publish(subject, body, { msgID: 'order-4711' });
  return `acknowledged as ${seq}, duplicate ${duplicate}`;
};
const take = async () => {
  const message = await (await client.consumers.get('MONEY', 'worker')).next({ expires: 1000 });
  await message?.ackAck();
  return message ? `${message.subject} ${message.string()}` : 'none';
};
console.log(`charge: ${await publish('money.charge', '990')}`);
console.log(`the worker gets: ${await take()}`);
console.log(`refund: ${await publish('money.refund', '-990')}`);
console.log(`the worker gets: ${await take()}`);
await sleep(2500);
console.log(`the charge again, after the window: ${await publish('money.charge', '990')}`);
console.log(`the worker gets: ${await take()}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
charge: acknowledged as 1, duplicate false
the worker gets: money.charge 990
refund: acknowledged as 1, duplicate true
the worker gets: none
the charge again, after the window: acknowledged as 2, duplicate false
the worker gets: money.charge 990
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: NATS acknowledges and drops a message with a known Nats-Msg-Id, also if its subject and body are others"
