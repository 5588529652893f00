#!/usr/bin/env bash
# Which messages does Mosquitto with "persistence true" keep for a session that is offline, if only its process is killed (kill -9)?
#
# Versions:  Mosquitto 2.0.11 of Debian 12 (mosquitto), mqtt 5.16.0; messages of QoS 2, a session that lasts a day.
# Guess:     All that it has acknowledged: PUBREC and PUBCOMP say that it has taken the responsibility for the message, and persistence is on.
# Behaviour: None; the session and its subscription are lost as well, so that what is published after the restart does not reach it either.
#            SIGTERM keeps everything. With autosave_on_changes and autosave_interval 1 the killed broker has kept everything, too, because it
#            writes the whole file after each change.
# Why the guess is wrong: persistence writes a copy of the memory to mosquitto.db at the end and every autosave_interval, by default 1800 s.
#            Nothing is written when a message is acknowledged. A test that restarts the service sends SIGTERM, and sees no loss.
# Source:    mosquitto.conf(5), persistence, autosave_interval, autosave_on_changes.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v mosquitto >/dev/null || { echo "needs mosquitto" >&2; exit 2; }
case "$(mosquitto -h)" in *'version 2.0.11'*) ;; *) echo "needs Mosquitto 2.0.11" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mqtt@5.16.0
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MqttClient } from 'mqtt';

const start = async (name, settings) => {
  const folder = `${process.cwd()}/${name}`;
  mkdirSync(folder, { recursive: true });
  rmSync(`${folder}/socket`, { force: true });
  const user = process.getuid() === 0 ? ['user root'] : [];
  writeFileSync(`${folder}/conf`, [`listener 0 ${folder}/socket`, 'allow_anonymous true', 'persistence true', `persistence_location ${folder}/`, ...user, ...settings, ''].join('\n'));
  const broker = spawn('mosquitto', ['-c', `${folder}/conf`], { stdio: 'ignore' });
  process.on('exit', () => broker.kill('SIGKILL'));
  for (let n = 0; n < 200 && !existsSync(`${folder}/socket`); n++) await sleep(50);
  return broker;
};
const connect = async (name, clientId, received = []) => {
  const options = { clientId, clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 86_400 }, reconnectPeriod: 0 };
  const client = new MqttClient(() => net.connect(`${process.cwd()}/${name}/socket`), options);
  client.on('message', (topic, body) => received.push(body.toString()));
  const [{ sessionPresent }] = await once(client, 'connect');
  return { client, sessionPresent };
};
for (const [name, signal, settings] of [
  ['sigterm', 'SIGTERM', []],
  ['sigkill', 'SIGKILL', []],
  ['autosave', 'SIGKILL', ['autosave_on_changes true', 'autosave_interval 1']],
]) {
  let broker = await start(name, settings);
  const { client: worker } = await connect(name, 'worker');
  await worker.subscribeAsync('results', { qos: 2 });
  await worker.endAsync();
  const { client: sender } = await connect(name, 'sender');
  let completed = 0;
  sender.on('packetreceive', ({ cmd }) => { if (cmd === 'pubcomp') completed++; });
  for (let n = 1; n <= 3; n++) await sender.publishAsync('results', `result ${n}`, { qos: 2 });
  // Longer than the interval of the third.
  await sleep(3000);
  sender.end(true);
  broker.kill(signal);
  await once(broker, 'exit');
  broker = await start(name, settings);
  const received = [];
  const { client, sessionPresent } = await connect(name, 'worker', received);
  await sleep(1000);
  console.log(`${name}: PUBCOMP ${completed}; after ${signal}: session ${sessionPresent ? 'present' : 'lost'}, results received ${received.length}`);
  await client.endAsync();
  broker.kill('SIGKILL');
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
sigterm: PUBCOMP 3; after SIGTERM: session present, results received 3
sigkill: PUBCOMP 3; after SIGKILL: session lost, results received 0
autosave: PUBCOMP 3; after SIGKILL: session present, results received 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a killed Mosquitto with persistence loses sessions and acknowledged messages of QoS 2 of up to half an hour"
