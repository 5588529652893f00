#!/usr/bin/env bash
# Which notifications does a client get that listens on a channel whose name is a prefix, a tenant and an id of 70 characters in all?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Those of its channel; or LISTEN fails, as pg_notify does with "channel name too long".
# Behaviour: LISTEN and NOTIFY succeed, with a NOTICE that drivers hide, on the first 63 bytes of the name. The listener gets the notifications for each other name with that beginning, here of another
#            tenant, and a payload without the tenant does not show it. pg_notify, which takes the name as a text, fails, and with it the transaction.
# Why the guess is wrong: in LISTEN and NOTIFY the name is an identifier, and identifiers are cut, so that no error is possible. UNLISTEN of one name
#            ends both. The full name belongs in the payload, and the channel name has to be checked for its length or hashed.
# Source:    PostgreSQL documentation, 4.1.1, Identifiers and Key Words (NAMEDATALEN); NOTIFY.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
common='executions_of_application_call-centre-vienna_and_of_tenant_0000000'
one="${common}0001"
two="${common}0002"
seen="$(
echo "the names have ${#one} characters and differ in the last one"
listen="$(query -c "LISTEN \"$one\"" -c "NOTIFY \"$two\", 'refund of 12.50 is paid'" 2>notices)"
echo "$listen" | sed 's/ received from.*//'
echo "notices: $(grep -c 'will be truncated' notices)"
query -c "SELECT pg_notify('$two', 'refund')" 2>&1
query -c "LISTEN \"$one\"" -c "UNLISTEN \"$two\"" -c "NOTIFY \"$one\", 'own'" 2>/dev/null | sed 's/ received from.*//'
echo "channels after UNLISTEN of the other name: $(query -c "LISTEN \"$one\"" -c "UNLISTEN \"$two\"" -c 'SELECT count(*) FROM pg_listening_channels()' 2>/dev/null)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the names have 70 characters and differ in the last one
Asynchronous notification "executions_of_application_call-centre-vienna_and_of_tenant_0000" with payload "refund of 12.50 is paid"
notices: 2
ERROR:  channel name too long
channels after UNLISTEN of the other name: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: LISTEN and NOTIFY cut a channel name after 63 bytes, so that one tenant gets the notifications of another; pg_notify refuses it"
