#!/usr/bin/env bash
# Does postAsync() of Guzzle send a webhook whose promise nobody waits for, while the script goes on and ends?
#
# Versions:  Guzzle 7.4.5, PHP 8.2 with curl of Debian 12 (php-guzzlehttp-guzzle, php-curl), node for the server.
# Guess:     Yes: the request leaves at once, as with fetch() of JavaScript; at worst the end of the script cuts off the response.
# Behaviour: No: the server gets nothing, and there is no error and no warning; a then() does not run. Other requests that the script makes with the same client are sent, and do not take it along.
#            With a wait() on any later promise of the client both are sent. A worker that lives on sends the webhook with the next one that it awaits, hours later.
# Why the guess is wrong: the promise only hands the request to curl_multi. PHP has no event loop, so that curl works only while some promise of this client is awaited.
# Source:    guzzle/guzzle issue 1127 ("Asynchronous requests with requestAsync() are not actually sent until you call ->wait()") and issue 1175; src/Handler/CurlMultiHandler.php (__invoke adds the handle, execute and tick run it).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(dpkg-query -W -f '${Version}' php-guzzlehttp-guzzle 2>/dev/null)" = 7.4.5-1 ] || { echo "needs Guzzle 7.4.5 of Debian (php-guzzlehttp-guzzle)" >&2; exit 2; }
case "$(php -r 'echo PHP_VERSION, " ", extension_loaded("curl") ? "curl" : "";' 2>&1)" in '8.2.'*' curl') ;; *) echo "needs PHP 8.2 with curl (php-cli, php-curl)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.php <<'PHP'
<?php
require '/usr/share/php/GuzzleHttp/autoload.php';
[, $url, $how] = $argv;
$client = new GuzzleHttp\Client();
$webhook = $client->postAsync("$url/webhook", ['json' => ['order' => 1]]);
if ($how === 'then()') {
    $webhook->then(function () { echo 'then ran; '; });
}
if ($how === 'another request, get()') {
    $client->get("$url/status");
}
if ($how === 'another request, getAsync()->wait()') {
    $client->getAsync("$url/status")->wait();
}
if ($how === 'wait()') {
    $webhook->wait();
}
echo 'the script ends without an error';
PHP
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

const received = [];
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  received.push(`${request.method} ${request.url} ${body}`.trim());
  response.end('ok');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
for (const how of ['nothing', 'then()', 'another request, get()', 'another request, getAsync()->wait()', 'wait()']) {
  received.length = 0;
  const php = spawn('php', ['probe.php', `http://127.0.0.1:${server.address().port}`, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  php.stdout.on('data', (part) => { text += part; });
  await once(php, 'close');
  console.log(`postAsync(), then ${how}: ${text}; the server got ${received.sort().join(', ') || 'nothing'}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
postAsync(), then nothing: the script ends without an error; the server got nothing
postAsync(), then then(): the script ends without an error; the server got nothing
postAsync(), then another request, get(): the script ends without an error; the server got GET /status
postAsync(), then another request, getAsync()->wait(): the script ends without an error; the server got GET /status, POST /webhook {"order":1}
postAsync(), then wait(): the script ends without an error; the server got POST /webhook {"order":1}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: postAsync() of Guzzle sends nothing, without an error, unless a promise of its client is awaited"
