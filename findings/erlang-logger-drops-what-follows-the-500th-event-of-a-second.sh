#!/usr/bin/env bash
# How many of 800 events does the logger of Erlang/OTP write to a file, if a program logs them within burst_limit_window_time and waits for the file after every 50?
#
# Versions:  Erlang/OTP 25 of Debian 12 (erlang-base), kernel 8.5.3: logger_std_h, its standard handler, with a file; the window
#            is a minute instead of a second here, so that a slow machine sees the same.
# Guess:     All of them: no queue builds up, since the writer waits for the disk, and the handler's protection against overload is for a queue that grows.
# Behaviour: 500, the first ones, without a word about the others: neither to the caller, whose calls return ok, nor in the file, nor in an event afterwards. With burst_limit_enable => false there are
#            800. An audit trail or a record of callbacks through logger loses what comes with a peak.
# Why the guess is wrong: besides the limits of the queue, a handler drops events by their count: burst_limit_max_count (500) of each burst_limit_window_time (1 s),
#            on by default. Of queue limits the handler writes a note; of this one it writes none.
# Source:    Erlang/OTP documentation, Logging (kernel), Controlling Bursts of Log Requests.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v escript >/dev/null || { echo "needs escript (erlang-base)" >&2; exit 2; }
[ "$(erl -noshell -eval 'io:put_chars(erlang:system_info(otp_release)), halt().')" = 25 ] || { echo "needs Erlang/OTP 25" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.escript <<'ERL'
#!/usr/bin/env escript
main([Limit]) ->
  File = "audit-" ++ Limit,
  ok = logger:remove_handler(default),
  ok = logger:set_primary_config(level, notice),
  ok = logger:add_handler(audit, logger_std_h, #{config => #{file => File, burst_limit_enable => list_to_atom(Limit), burst_limit_window_time => 60000}, formatter => {logger_formatter, #{template => [msg, "\n"]}}}),
  Returned = [begin
    Result = logger:notice("event ~p", [N]),
    N rem 50 =:= 0 andalso logger_std_h:filesync(audit),
    Result
  end || N <- lists:seq(1, 800)],
  ok = logger_std_h:filesync(audit),
  {ok, Text} = file:read_file(File),
  Lines = string:lexemes(Text, "\n"),
  io:format("burst_limit_enable ~s: ~p calls returned ok; lines in the file: ~p, the last one ~s~n",
    [Limit, length([ok || ok <- Returned]), length(Lines), lists:last(Lines)]).
ERL
seen="$(
escript probe.escript true
escript probe.escript false
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
burst_limit_enable true: 800 calls returned ok; lines in the file: 500, the last one event 500
burst_limit_enable false: 800 calls returned ok; lines in the file: 800, the last one event 800
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the logger of Erlang/OTP drops what follows the 500th event of a second, without an error or a note"
