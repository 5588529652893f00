#!/usr/bin/env bash
# When does another worker get a job of beanstalkd whose worker still runs, with a time to run of an hour?
#
# Versions:  beanstalkd 1.12 of Debian 12 (beanstalkd); node as the workers.
# Guess:     After the hour: the time to run is the lease of the worker, and who needs longer sends "touch".
# Behaviour: At once, when the connection of the first worker breaks, whatever the time says: both carry out the order. The first one connects again, and its
#            "delete" gets NOT_FOUND, as that of a job that was deleted before, while the second one works. A restart of a proxy between them does it
#            for all workers at the same time.
# Why the guess is wrong: a reservation belongs to the connection, and ends with it. The time to run is an upper limit only.
# Source:    beanstalkd prot.c, connclose and enqueue_reserved_jobs; doc/protocol.txt, which mentions the time to run only.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in beanstalkd node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(beanstalkd -v)" in *1.12*) ;; *) echo "needs beanstalkd 1.12" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const beanstalkd = spawn('beanstalkd', ['-l', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
process.on('exit', () => beanstalkd.kill());
const connect = async () => {
  for (let n = 0; n < 200; n++) {
    const connection = net.connect(port, '127.0.0.1');
    const connected = await once(connection, 'connect').then(() => true, () => false);
    if (connected) return connection;
    await sleep(20);
  }
  throw new Error('no connection');
};
const say = async (connection, text) => {
  connection.write(text);
  const [answer] = await once(connection, 'data');
  return answer.toString().trim().replaceAll('\r\n', ' ');
};
const producer = await connect();
await say(producer, 'put 0 0 3600 7\r\norder-1\r\n');
const first = await connect();
const second = await connect();
console.log(`the first worker: ${await say(first, 'reserve\r\n')}`);
console.log(`the second worker, meanwhile: ${await say(second, 'reserve-with-timeout 1\r\n')}`);
first.destroy();
console.log(`the second worker, after the connection of the first broke: ${await say(second, 'reserve-with-timeout 1\r\n')}`);
const again = await connect();
console.log(`the first worker has carried it out, and deletes it: ${await say(again, 'delete 1\r\n')}`);
console.log(`the second worker has carried it out, and deletes it: ${await say(second, 'delete 1\r\n')}`);
console.log(`the first worker tries again: ${await say(again, 'delete 1\r\n')}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the first worker: RESERVED 1 7 order-1
the second worker, meanwhile: TIMED_OUT
the second worker, after the connection of the first broke: RESERVED 1 7 order-1
the first worker has carried it out, and deletes it: NOT_FOUND
the second worker has carried it out, and deletes it: DELETED
the first worker tries again: NOT_FOUND
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: beanstalkd gives a job to another worker as soon as the connection of its worker breaks, however long its time to run is"
