#!/usr/bin/env bash
# What has a JetStream stream with interest retention stored of a message that it has acknowledged?
#
# Versions:  nats-server 2.9.10 of Debian 12 (nats-server), nats 2.29.3 for Node.
# Guess:     The message, until its consumers have acknowledged it: the acknowledgement is the proof that it is stored.
# Behaviour: Nothing, if no consumer exists for its subject at that moment: it has a sequence number, no duplicate flag, and the stream is empty. So it is with a job whose worker is deployed first or later, and with a
#            subject that no filter names. When the last consumer is deleted, to be made again with another setting, the messages that wait for it are deleted, too.
# Why the guess is wrong: interest is asked for when the message arrives, and the number is given to a place that stays empty. A stream with the retention "limits" or
#            "workqueue" keeps what nobody reads yet.
# Source:    nats-server, server/stream.go (noInterest, SkipMsg); nats.js documentation, RetentionPolicy ("while there is consumer interest on the particular subject").
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
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, connect, RetentionPolicy } from 'nats';

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address();
probe.close();
const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', `${process.cwd()}/store`], { stdio: 'ignore' });
let connection;
for (let n = 0; n < 100 && !connection; n++) {
  await sleep(100);
  connection = await connect({ servers: `127.0.0.1:${port}` }).catch(() => undefined);
}
const manager = await connection.jetstreamManager();
const consumer = { durable_name: 'mail', ack_policy: AckPolicy.Explicit, filter_subject: 'jobs.mail' };
for (const retention of [RetentionPolicy.Interest, RetentionPolicy.Workqueue]) {
  console.log(retention);
  await manager.streams.add({ name: 'JOBS', subjects: ['jobs.>'], retention });
  const publish = async (title, subject) => {
    const { seq, duplicate } = await connection.jetstream().publish(subject);
    console.log(`  ${title}: acknowledged as ${seq}, duplicate ${duplicate}; messages in the stream: ${(await manager.streams.info('JOBS')).state.messages}`);
  };
  await publish('before a consumer', 'jobs.mail');
  await manager.consumers.add('JOBS', consumer);
  await publish('a subject of no consumer', 'jobs.charge');
  await publish('the subject of the consumer', 'jobs.mail');
  await manager.consumers.delete('JOBS', 'mail');
  await manager.consumers.add('JOBS', consumer);
  console.log(`  the consumer deleted and made again: messages in the stream: ${(await manager.streams.info('JOBS')).state.messages}`);
  await manager.streams.delete('JOBS');
}
await connection.close();
server.kill('SIGTERM');
await once(server, 'exit');
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
interest
  before a consumer: acknowledged as 1, duplicate false; messages in the stream: 0
  a subject of no consumer: acknowledged as 2, duplicate false; messages in the stream: 0
  the subject of the consumer: acknowledged as 3, duplicate false; messages in the stream: 1
  the consumer deleted and made again: messages in the stream: 0
workqueue
  before a consumer: acknowledged as 1, duplicate false; messages in the stream: 1
  a subject of no consumer: acknowledged as 2, duplicate false; messages in the stream: 2
  the subject of the consumer: acknowledged as 3, duplicate false; messages in the stream: 3
  the consumer deleted and made again: messages in the stream: 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a JetStream stream with interest retention acknowledges messages that it does not store, and deletes those that wait when their consumer is deleted"
