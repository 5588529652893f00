#!/usr/bin/env bash
# How often does httpc of Erlang send a POST that the server answers with 503 and Retry-After: 1?
#
# Versions:  Erlang/OTP 25 with inets 8.2.2 of Debian 12 (erlang-base, erlang-inets), node for the server.
# Guess:     Once, and the caller gets the 503: a POST is not idempotent, no retries were asked for, and a 503 may come from a proxy behind which the charge was carried out.
# Behaviour: As often as the server says so: here nine times, and the caller sees the 200 of the last only. The call lasts as long as the
#            server is overloaded. Retry-After: 100 and a 503 without the header are not repeated, nor is a 429.
# Why the guess is wrong: httpc carries out each Retry-After of at most two digits by itself, whatever the method. OTP 25 has no option against it.
# Source:    erlang/otp, lib/inets/src/http_client/httpc_response.erl, status_service_unavailable ("Wait only 99 s or less"), and pull request 10469 (adds the option autoretry to a later version).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(erl -noshell -eval 'application:load(inets), {ok, V} = application:get_key(inets, vsn), io:put_chars(V), halt().' 2>&1)" = 8.2.2 ] || { echo "needs inets 8.2.2 of Erlang/OTP 25 (erlang-base, erlang-inets)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.erl <<'ERL'
-module(probe).
-export([main/2]).

main(Url, Options) ->
    {ok, _} = application:ensure_all_started(inets),
    Request = {Url, [], "application/json", "{\"amount\":100}"},
    case httpc:request(post, Request, Options, []) of
        {ok, {{_, Status, _}, _, Body}} -> io:format("~p ~s", [Status, Body]);
        Error -> io:format("~p", [Error])
    end,
    halt().
ERL
erlc probe.erl
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

let answer = () => {};
let sent = 0;
const server = http.createServer(async (request, response) => {
  for await (const part of request) void part;
  sent += 1;
  answer(response);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const refuse = (response, status, headers) => response.writeHead(status, headers).end('charged, but busy');
const trial = async (name, answer_) => {
  sent = 0;
  answer = answer_;
  const erl = spawn('erl', ['-noshell', '-eval', `probe:main("http://127.0.0.1:${server.address().port}/charge", []).`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  erl.stdout.on('data', (part) => { text += part; });
  await once(erl, 'close');
  console.log(`${name}: the caller sees ${text}; sent ${sent}`);
};
await trial('503 eight times with Retry-After: 1, then 200', (response) => (sent <= 8 ? refuse(response, 503, { 'Retry-After': '1' }) : response.end('charged')));
await trial('503 with Retry-After: 100', (response) => refuse(response, 503, { 'Retry-After': '100' }));
await trial('503 without Retry-After', (response) => refuse(response, 503, {}));
await trial('429 with Retry-After: 1', (response) => refuse(response, 429, { 'Retry-After': '1' }));
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
503 eight times with Retry-After: 1, then 200: the caller sees 200 charged; sent 9
503 with Retry-After: 100: the caller sees 503 charged, but busy; sent 1
503 without Retry-After: the caller sees 503 charged, but busy; sent 1
429 with Retry-After: 1: the caller sees 429 charged, but busy; sent 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: httpc of Erlang sends a POST again after each 503 with a Retry-After of at most 99 seconds and shows the caller the last response only"
