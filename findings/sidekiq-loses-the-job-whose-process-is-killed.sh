#!/usr/bin/env bash
# Does Sidekiq run a job again whose process was killed (out of memory) while it ran, after Sidekiq has started again?
#
# Versions:  Sidekiq 6.4.1, Ruby 3.1 and Redis 7.0 of Debian 12 (ruby-sidekiq, redis-server).
# Guess:     Yes: it promises "at least once", retries a job that fails for three weeks, and Redis has the queue on disk.
# Behaviour: No: the job is gone. It is in no queue, not among the retries and not among the dead. A job that raises is in the set of retries; one that runs at
#            a SIGTERM is put back into the queue when the timeout of the shutdown has passed.
# Why the guess is wrong: a job is taken out of Redis (BRPOP) before it runs, and lives in the memory of the process only. The retry is written by the process that caught the
#            error. super_fetch, which keeps a copy, is part of the commercial Sidekiq Pro.
# Source:    Sidekiq wiki, Reliability ("Using super_fetch"); lib/sidekiq/fetch.rb, BasicFetch.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
[ "$(sidekiq --version 2>/dev/null)" = 'Sidekiq 6.4.1' ] || { echo "needs Sidekiq 6.4.1 (ruby-sidekiq)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'kill -9 $(jobs -p) 2>/dev/null || true; wait 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --dir "$work" >/dev/null &
for _ in $(seq 200); do
  if [ -S redis.sock ]; then break; fi
  sleep 0.05
done
export REDIS_URL="unix://$work/redis.sock"
cat >jobs.rb <<'RB'
require 'sidekiq'

class Charge
  include Sidekiq::Worker

  def perform(how)
    File.open(how, 'a') { |file| file.puts('start') }
    return if how == 'last' || File.readlines(how).length > 1

    raise 'away' if how == 'raises'

    sleep 60
  end
end
RB
cat >client.rb <<'RB'
require './jobs'
require 'sidekiq/api'
case ARGV[0]
when 'push' then Charge.perform_async(ARGV[1])
else
  stats = Sidekiq::Stats.new
  puts "queued #{stats.enqueued}, retries #{stats.retry_size}, dead #{stats.dead_size}"
end
RB
start() { sidekiq -r ./jobs.rb -c 1 -t 1 >>log 2>&1 & server=$!; }
until_started() { until [ "$(cat "$1" 2>/dev/null | wc -l)" -ge "$2" ]; do sleep 0.1; done; }
# Ends the process while the job runs, and starts another one.
trial() {
  redis-cli -s redis.sock flushall >/dev/null
  start
  ruby client.rb push "$2" 2>>log
  until_started "$2" 1
  if [ "$3" = none ]; then
    until [ "$(redis-cli -s redis.sock zcard retry)" = 1 ]; do sleep 0.1; done
  else
    kill "-$3" "$server"
    wait "$server" || true
  fi
  echo "$1: started $(wc -l <"$2"); $(ruby client.rb show 2>>log)"
  if [ "$3" = none ]; then
    # Its retry is due in at least fifteen seconds.
    kill -KILL "$server"
    wait "$server" || true
    return
  fi
  start
  rm -f last
  ruby client.rb push last 2>>log
  # What is in the queue runs before this one.
  until_started last 1
  echo "  after another start: started $(wc -l <"$2")"
  kill -KILL "$server"
  wait "$server" || true
}
seen="$(
trial 'SIGKILL while it runs' killed KILL
trial 'SIGTERM while it runs' terminated TERM
trial 'raises' raises none
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SIGKILL while it runs: started 1; queued 0, retries 0, dead 0
  after another start: started 1
SIGTERM while it runs: started 1; queued 1, retries 0, dead 0
  after another start: started 2
raises: started 1; queued 0, retries 1, dead 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Sidekiq loses a job whose process is killed while it runs: it is in no queue and among no failures"
