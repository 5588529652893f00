#!/usr/bin/env bash
# How often does memcached accept "add" of one idempotency key, if the key is kept for 31 days (2678400 seconds)?
#
# Versions:  memcached 1.6.18 of Debian 12 (memcached).
# Guess:     Once: add stores only what does not exist, and the second gets NOT_STORED for 31 days, or until memory runs out.
# Behaviour: Each time, with STORED, and get finds nothing. With 30 days (2592000) it is accepted once. A window for duplicates that is
#            lengthened from 30 to 31 days is gone, without an error, and every repetition is a new charge. touch deletes a key in the same way.
# Why the guess is wrong: a number above 60*60*24*30 is taken for a date, seconds since 1970: 2678400 is the first of February 1970, and the
#            entry is expired when it is stored. The response says that it was stored, which is true.
# Source:    memcached, doc/protocol.txt, "Expiration times".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v memcached >/dev/null || { echo "needs memcached" >&2; exit 2; }
case "$(memcached -V)" in *1.6.18*) ;; *) echo "needs memcached 1.6.18" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const user = process.getuid() === 0 ? ['-u', 'root'] : [];
const server = spawn('memcached', ['-s', `${process.cwd()}/socket`, ...user], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGKILL'));
for (let n = 0; n < 200 && !existsSync('socket'); n++) await sleep(50);
const socket = net.connect('socket');
await once(socket, 'connect');
const ask = async (command) => {
  socket.write(`${command}\r\n`);
  const [chunk] = await once(socket, 'data');
  return chunk.toString().trim().split('\r\n').join(' ');
};
for (const days of [30, 31]) {
  const seconds = days * 24 * 60 * 60;
  const key = `order-${days}`;
  const answers = [await ask(`add ${key} 0 ${seconds} 4\r\nsent`), await ask(`add ${key} 0 ${seconds} 4\r\nsent`)];
  console.log(`add for ${days} days: ${answers.join(', ')}; get: ${await ask(`get ${key}`)}`);
}
console.log(`touch of the first for 31 days: ${await ask('touch order-30 2678400')}; get: ${await ask('get order-30')}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
add for 30 days: STORED, NOT_STORED; get: VALUE order-30 0 4 sent END
add for 31 days: STORED, STORED; get: END
touch of the first for 31 days: TOUCHED; get: END
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: memcached takes a lifetime above 30 days for a date in 1970: add answers STORED each time, and keeps nothing"
