#!/usr/bin/env bash
# Which failures does the retry middleware of Faraday repeat: a refused connection, a 503 that retry_statuses names?
#
# Versions:  Faraday 1.1.0 and Ruby 3.1.2 of Debian 12 (ruby-faraday, ruby).
# Guess:     A refused connection first of all, as nothing was sent; and the statuses of retry_statuses, whatever other options are there.
# Behaviour: A refused connection is not repeated: a restart of the service fails each call. Who then sets exceptions: [Faraday::ConnectionFailed] turns retry_statuses off: a 503 raises
#            Faraday::RetriableResponse at the first attempt. With response :raise_error behind it, retry_statuses has no effect either.
# Why the guess is wrong: the default list has timeouts only. A status is repeated by raising RetriableResponse, which is one of the exceptions in that list, so that another list leaves it out; and the middleware
#            that stands nearer to the adapter sees the response first.
# Source:    Faraday, lib/faraday/request/retry.rb, DEFAULT_EXCEPTIONS and call.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v ruby >/dev/null || { echo "needs ruby" >&2; exit 2; }
[ "$(ruby -rfaraday -e 'puts Faraday::VERSION' 2>&1)" = 1.1.0 ] || { echo "needs Faraday 1.1.0 (ruby-faraday)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.rb <<'RB'
require 'date'
require 'faraday'
require 'socket'

# A server that answers each connection with the next of the statuses, then with 200.
def serve(*statuses)
  server = TCPServer.new('127.0.0.1', 0)
  count = [0]
  Thread.new do
    loop do
      socket = server.accept
      status = statuses[count[0]] || 200
      count[0] += 1
      while (line = socket.gets) && line != "\r\n"; end
      socket.write("HTTP/1.1 #{status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
      socket.close
    end
  end
  ["http://127.0.0.1:#{server.addr[1]}", count]
end

def trial(name, url, count, **options)
  retries = 0
  connection = Faraday.new(url) do |c|
    c.request :retry, { max: 2, retry_block: ->(*) { retries += 1 } }.merge(options)
    yield c if block_given?
    c.adapter :net_http
  end
  outcome = begin
    connection.get('/').status
  rescue StandardError => e
    e.class
  end
  puts "#{name}: #{outcome}; retries #{retries}#{count ? ", received #{count[0]}" : ''}"
end

closed = TCPServer.new('127.0.0.1', 0)
refused = "http://127.0.0.1:#{closed.addr[1]}"
closed.close
trial('refused connection', refused, nil)
trial('refused connection, exceptions: [ConnectionFailed]', refused, nil, exceptions: [Faraday::ConnectionFailed])
trial('one 503', *serve(503))
trial('one 503, retry_statuses: [503]', *serve(503), retry_statuses: [503])
trial('one 503, retry_statuses: [503], exceptions: [ConnectionFailed]', *serve(503), retry_statuses: [503], exceptions: [Faraday::ConnectionFailed])
trial('three 503, retry_statuses: [503]', *serve(503, 503, 503), retry_statuses: [503])
trial('one 503, retry_statuses: [503], response :raise_error', *serve(503), retry_statuses: [503]) { |c| c.response :raise_error }
RB
seen="$(ruby -W0 probe.rb)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
refused connection: Faraday::ConnectionFailed; retries 0
refused connection, exceptions: [ConnectionFailed]: Faraday::ConnectionFailed; retries 2
one 503: 503; retries 0, received 1
one 503, retry_statuses: [503]: 200; retries 1, received 2
one 503, retry_statuses: [503], exceptions: [ConnectionFailed]: Faraday::RetriableResponse; retries 0, received 1
three 503, retry_statuses: [503]: 503; retries 2, received 3
one 503, retry_statuses: [503], response :raise_error: Faraday::ServerError; retries 0, received 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the retry middleware of Faraday does not repeat a refused connection, and with a list of exceptions no status"
