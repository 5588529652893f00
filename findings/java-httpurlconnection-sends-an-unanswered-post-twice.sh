#!/usr/bin/env bash
# How often does HttpURLConnection of Java send a POST whose server closes the connection without a response?
#
# Versions:  OpenJDK 17 of Debian 12 (openjdk-17-jdk-headless), node for the server.
# Guess:     Once, and getResponseCode() throws: a POST is not idempotent, and the client cannot know whether it was carried out.
# Behaviour: Twice, also on a connection of its own, and with "Connection: close". The caller sees one call, and if the second is
#            answered, its 200 only. A read timeout is not repeated, nor is a body with a fixed length (setFixedLengthStreamingMode). java.net.http.HttpClient
#            sends it once; its GET it sends twice.
# Why the guess is wrong: sun.net.http.retryPost is true by default, and the output that was buffered makes the repetition possible. -Dsun.net.http.retryPost=false ends it.
# Source:    Java 8 documentation, technotes/guides/net/properties, sun.net.http.retryPost (default: true; whether an unsuccessful POST, without a valid response or with an IOException, is resent); openjdk/jdk19u,
#            src/java.base/share/classes/sun/net/www/http/HttpClient.java, parseHTTP and parseHTTPHeader (failedOnce, streaming, retryPostProp); that of 17 was not at hand.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(javac -version 2>&1)" in 'javac 17.'*) ;; *) echo "needs OpenJDK 17 (openjdk-17-jdk-headless)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >Probe.java <<'JAVA'
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

class Probe {
  static final byte[] BODY = "{\"amount\":100}".getBytes();

  public static void main(String[] args) throws Exception {
    URI uri = URI.create(args[1]);
    try {
      System.out.println(args[0].startsWith("HttpClient") ? client(uri, args[0]) : connection(uri, args[0]));
    } catch (java.io.IOException e) {
      System.out.println(e instanceof java.net.SocketTimeoutException ? "SocketTimeoutException" : "an error");
    }
  }

  static int connection(URI uri, String kind) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setReadTimeout(1500);
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    if (kind.equals("close")) connection.setRequestProperty("Connection", "close");
    if (kind.equals("fixed")) connection.setFixedLengthStreamingMode(BODY.length);
    connection.getOutputStream().write(BODY);
    return connection.getResponseCode();
  }

  static int client(URI uri, String kind) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofMillis(1500));
    if (kind.endsWith("POST")) request.POST(HttpRequest.BodyPublishers.ofByteArray(BODY));
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
  }
}
JAVA
javac -d . Probe.java
cat >probe.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

let answer = () => {};
const received = [];
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  received.push(body);
  answer(request, response, received.length);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const SERVERS = {
  'closes without a response': (_, response) => response.destroy(),
  'closes the first time, then 200': (_, response, number) => (number === 1 ? response.destroy() : response.end('charged')),
  'does not answer in time': () => {},
};
const run = async (server_, kind, flags = []) => {
  received.length = 0;
  answer = SERVERS[server_];
  const java = spawn('java', ['-Xshare:auto', '-XX:TieredStopAtLevel=1', ...flags, '-cp', '.', 'Probe', kind, `http://127.0.0.1:${server.address().port}/charge`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  java.stdout.on('data', (part) => { text += part; });
  await once(java, 'close');
  return `sent ${received.length}, the caller sees ${text.trim()}`;
};
for (const name of Object.keys(SERVERS)) console.log(`HttpURLConnection, POST, server ${name}: ${await run(name, 'plain')}`);
const [closes] = Object.keys(SERVERS);
console.log(`with Connection: close, server ${closes}: ${await run(closes, 'close')}`);
console.log(`with a fixed length, server ${closes}: ${await run(closes, 'fixed')}`);
console.log(`with sun.net.http.retryPost=false, server ${closes}: ${await run(closes, 'plain', ['-Dsun.net.http.retryPost=false'])}`);
console.log(`HttpClient, POST, server ${closes}: ${await run(closes, 'HttpClient POST')}`);
console.log(`HttpClient, GET, server ${closes}: ${await run(closes, 'HttpClient GET')}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
HttpURLConnection, POST, server closes without a response: sent 2, the caller sees an error
HttpURLConnection, POST, server closes the first time, then 200: sent 2, the caller sees 200
HttpURLConnection, POST, server does not answer in time: sent 1, the caller sees SocketTimeoutException
with Connection: close, server closes without a response: sent 2, the caller sees an error
with a fixed length, server closes without a response: sent 1, the caller sees an error
with sun.net.http.retryPost=false, server closes without a response: sent 1, the caller sees an error
HttpClient, POST, server closes without a response: sent 1, the caller sees an error
HttpClient, GET, server closes without a response: sent 2, the caller sees an error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: HttpURLConnection of Java 17 sends a POST twice when the server closes the connection without a response, and shows the caller the second response only"
