#!/usr/bin/env bash
# What does a transaction of Ruby leave in the database when Timeout.timeout ends it between two of its statements?
#
# Versions:  Ruby 3.1 with its timeout 0.2.0, pg 1.4.5, Sequel 5.63.0, and PostgreSQL 15, of Debian 12 (ruby, ruby-pg, ruby-sequel, postgresql).
# Guess:     Nothing: the block is left by Timeout::Error, and transaction { } rolls back when an error leaves its block.
# Behaviour: The statements before the timeout are committed: a charge without its audit row. The caller gets Timeout::Error all the same, and
#            repeats. With an error class of one's own (Timeout.timeout(1, MyError)) both roll back, as they do for an error that is raised.
# Why the guess is wrong: without a class, this version of timeout leaves the block with throw and makes the error of it at the outer end. A throw is no error: transaction
#            takes it for an early exit, as return and break, and commits these. timeout 0.4.0 raises.
# Source:    timeout 0.2.0 as Debian installs it, timeout.rb, Error.catch and exception (throw); ruby/timeout pull request 30 ("Raise exception instead of throw/catch for timeouts") and rails/rails pull
#            request 48600 (in 0.4.0); jeremyevans/sequel issue 1322 (the transaction is committed); pg 1.4.5, lib/pg/connection.rb, transaction (ensure: COMMIT unless rollback).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(ruby -rtimeout -rpg -rsequel -e 'puts [RUBY_VERSION[0, 3], Timeout::VERSION, PG::VERSION, Sequel.version].join(" ")' 2>&1)" = '3.1 0.2.0 1.4.5 5.63.0' ] || { echo "needs Ruby 3.1, pg 1.4.5, and Sequel 5.63.0 (ruby, ruby-pg, ruby-sequel)" >&2; exit 2; }
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
cat >probe.rb <<'RB'
require 'pg'
require 'sequel'
require 'timeout'

class Late < StandardError; end

plain = PG.connect
orm = Sequel.connect("postgres:///postgres?host=#{ENV['PGHOST']}&user=probe")
RUN = {
  'pg, transaction' => ->(work) { plain.transaction { |c| work.call(->(sql) { c.exec(sql) }) } },
  'Sequel, transaction' => ->(work) { orm.transaction { work.call(->(sql) { orm.run(sql) }) } },
}
LEAVE = {
  'Timeout.timeout(1)' => ->(block) { Timeout.timeout(1, &block) },
  'Timeout.timeout(1, Late)' => ->(block) { Timeout.timeout(1, Late, &block) },
}
plain.exec('CREATE TABLE charges (key text); CREATE TABLE audit (key text)')
RUN.each do |library, run|
  LEAVE.each do |name, leave|
    plain.exec('TRUNCATE charges, audit')
    begin
      # The call of the payment service between the two rows takes longer than the timeout.
      leave.call(proc { run.call(->(exec) { exec.call("INSERT INTO charges VALUES ('a')"); sleep 20; exec.call("INSERT INTO audit VALUES ('a')") }) })
      seen = 'no error'
    rescue StandardError => e
      seen = e.class.name
    end
    count = ->(table) { PG.connect { |c| c.exec("SELECT count(*) FROM #{table}").getvalue(0, 0) } }
    puts "#{library}, #{name}: #{seen}; committed charges #{count.call('charges')}, audit rows #{count.call('audit')}"
  end
end
RB
seen="$(ruby probe.rb)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pg, transaction, Timeout.timeout(1): Timeout::Error; committed charges 1, audit rows 0
pg, transaction, Timeout.timeout(1, Late): Late; committed charges 0, audit rows 0
Sequel, transaction, Timeout.timeout(1): Timeout::Error; committed charges 1, audit rows 0
Sequel, transaction, Timeout.timeout(1, Late): Late; committed charges 0, audit rows 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a transaction of pg and of Sequel that Timeout.timeout ends is committed as far as it came under Ruby 3.1, while the caller gets Timeout::Error"
