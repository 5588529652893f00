#!/usr/bin/env bash
# What does current_setting('app.actor', true) return in a session in which SET LOCAL has set it in an earlier transaction?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     NULL, as before the first SET LOCAL: the value ends with its transaction. DISCARD ALL, which poolers send, clears it for sure.
# Behaviour: An empty text, for the rest of the session, also after RESET, RESET ALL and DISCARD ALL. coalesce(current_setting(…), 'system') in a
#            trigger writes 'system' in a new session, and '' in one that a pool has used before.
# Why the guess is wrong: SET LOCAL makes a placeholder for the unknown name. At the end of the transaction it returns to its default, and
#            the default of a placeholder is an empty text. Nothing removes a placeholder. nullif(current_setting(…), '') is needed.
# Source:    PostgreSQL documentation, 20.16 (customized options), 9.27.1; src/backend/utils/misc/guc.c, add_placeholder_variable.
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1
cat >probe.mjs <<'JS'
import pg from 'pg';

const client = new pg.Client();
await client.connect();
await client.query(`CREATE TABLE orders (id int);
  CREATE TABLE trail (actor text);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO trail VALUES (coalesce(current_setting('app.actor', true), 'system'));
    RETURN NEW;
  END $$;
  CREATE TRIGGER note AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()`);
const look = async (moment) => {
  await client.query('INSERT INTO orders VALUES (1)');
  const { rows } = await client.query("DELETE FROM trail RETURNING actor, current_setting('app.actor', true) AS setting");
  console.log(`${moment}: setting ${JSON.stringify(rows[0].setting)}, in the trail ${JSON.stringify(rows[0].actor)}`);
};
await look('a new session');
await client.query('BEGIN');
await client.query("SET LOCAL app.actor = 'anna'");
await look('in the transaction of anna');
await client.query('COMMIT');
await look('after it');
for (const statement of ['RESET app.actor', 'RESET ALL', 'DISCARD ALL']) {
  await client.query(statement);
  await look(`after ${statement}`);
}
await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a new session: setting null, in the trail "system"
in the transaction of anna: setting "anna", in the trail "anna"
after it: setting "", in the trail ""
after RESET app.actor: setting "", in the trail ""
after RESET ALL: setting "", in the trail ""
after DISCARD ALL: setting "", in the trail ""
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a setting of one's own is an empty text instead of NULL after the first SET LOCAL of a session, also after DISCARD ALL"
