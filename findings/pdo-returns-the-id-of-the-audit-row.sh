#!/usr/bin/env bash
# Which id does PDO::lastInsertId() return behind an INSERT into a PostgreSQL table whose trigger writes an audit row?
#
# Versions:  PHP 8.2 with PDO (php-cli, php-pgsql) and PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The id of the charge that the statement has inserted: the row of the trigger is none of the client's, and last_insert_rowid() of SQLite ignores triggers too.
# Behaviour: The id of the audit row. From the day on which somebody adds the trigger, the application stores 4712 as the number of charge 3, and a refund by this number hits another charge or none. An
#            INSERT that ON CONFLICT DO NOTHING skips returns an id as well, of a row that does not exist. lastInsertId('charges_id_seq') is right for the first. RETURNING id is right for both.
# Why the guess is wrong: without a name the method asks lastval(), which is the newest value of any sequence in the session, triggers included. A skipped INSERT has taken a value from the sequence too.
# Source:    php/php-src, ext/pdo_pgsql/pgsql_driver.c, pdo_pgsql_last_insert_id ("SELECT LASTVAL()" without a name, CURRVAL with one).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(php -r 'echo PHP_VERSION, " ", extension_loaded("pdo_pgsql") ? "pdo_pgsql" : "";' 2>&1)" in '8.2.'*' pdo_pgsql') ;; *) echo "needs PHP 8.2 with pdo_pgsql (php-cli, php-pgsql)" >&2; exit 2 ;; esac
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
cat >probe.php <<'PHP'
<?php
$database = new PDO('pgsql:host=' . getenv('PGHOST') . ';dbname=postgres;user=probe');
$database->exec("CREATE TABLE charges (id bigserial PRIMARY KEY, key text UNIQUE);
    CREATE TABLE audit (id bigserial PRIMARY KEY, what text);
    SELECT setval('audit_id_seq', 4711)");
function show(string $name, string $key): void
{
    global $database;
    $database->exec("INSERT INTO charges (key) VALUES ('$key') ON CONFLICT DO NOTHING");
    $seen = 'lastInsertId() ' . $database->lastInsertId() . ", lastInsertId('charges_id_seq') " . $database->lastInsertId('charges_id_seq');
    echo "$name: $seen; the charge has the id ", $database->query("SELECT id FROM charges WHERE key = '$key'")->fetchColumn(), "\n";
}
show('without a trigger', 'a');
show('without a trigger, the same key again', 'a');
$database->exec("CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit (what) VALUES (NEW.key); RETURN NULL; END';
    CREATE TRIGGER audit AFTER INSERT ON charges FOR EACH ROW EXECUTE FUNCTION audit()");
show('with the trigger', 'b');
$returning = $database->query("INSERT INTO charges (key) VALUES ('c') RETURNING id")->fetchColumn();
echo "with the trigger, RETURNING id: $returning; the charge has the id ", $database->query("SELECT id FROM charges WHERE key = 'c'")->fetchColumn(), "\n";
$skipped = $database->query("INSERT INTO charges (key) VALUES ('c') ON CONFLICT DO NOTHING RETURNING id")->fetchColumn();
echo 'the same key again, RETURNING id: ', var_export($skipped, true), "\n";
PHP
seen="$(php probe.php)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
without a trigger: lastInsertId() 1, lastInsertId('charges_id_seq') 1; the charge has the id 1
without a trigger, the same key again: lastInsertId() 2, lastInsertId('charges_id_seq') 2; the charge has the id 1
with the trigger: lastInsertId() 4712, lastInsertId('charges_id_seq') 3; the charge has the id 3
with the trigger, RETURNING id: 4; the charge has the id 4
the same key again, RETURNING id: false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PDO::lastInsertId() returns the id of the audit row that a trigger has written, and an id for an INSERT that was skipped"
