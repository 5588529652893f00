#!/usr/bin/env bash
# How many rows does one db.Exec("INSERT …") of Go store when PostgreSQL has committed it and the connection ends before its answer arrives?
#
# Versions:  Go 1.19, lib/pq 1.10.7, pgx 4.15.0 and PostgreSQL 15 of Debian 12 (golang-go, golang-github-lib-pq-dev, golang-github-jackc-pgx-v4-dev, postgresql), node for the proxy that ends the connection.
# Guess:     One, and Exec returns an error: the client cannot know whether the row is stored, and the caller decides.
# Behaviour: lib/pq: two, and Exec returns no error. database/sql has sent the statement again on a new connection. If the answers stay away, three rows, and the
#            error is "driver: bad connection". With pgx the row is stored once, and the error is "unexpected EOF". Within a transaction lib/pq does not repeat it.
# Why the guess is wrong: lib/pq makes driver.ErrBadConn of the end of a connection, also behind a statement that was sent. database/sql takes this error for "nothing was carried
#            out" and tries again, twice on a connection of the pool or a new one and once more on a new one. A restart of a proxy or of a pooler in the midst of a charge is enough.
# Source:    lib/pq issue 939 ("Retry logic can cause queries to be silently performed twice", open) and error.go as Debian installs it, errRecover (io.EOF); Go, database/sql/driver, ErrBadConn
#            ("should NOT be returned if there's a possibility that the database server might have performed the operation"), database/sql/sql.go, maxBadConnRetries.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(go version 2>&1)" in *' go1.19.'*) ;; *) echo "needs Go 1.19 (golang-go)" >&2; exit 2 ;; esac
[ "$(dpkg-query -W -f '${Package} ${Version}\n' golang-github-lib-pq-dev golang-github-jackc-pgx-v4-dev 2>/dev/null | sort | cut -d ' ' -f 2 | paste -s -d ' ')" = '4.15.0-4 1.10.7-2' ] || { echo "needs lib/pq 1.10.7 and pgx 4.15.0 of Debian (golang-github-lib-pq-dev, golang-github-jackc-pgx-v4-dev)" >&2; exit 2; }
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
cat >probe.go <<'GO'
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/jackc/pgx/v4/stdlib"
	_ "github.com/lib/pq"
)

const insert = "INSERT INTO charges VALUES ($1)"

func main() {
	db, err := sql.Open(os.Args[1], os.Args[2])
	if err != nil {
		panic(err)
	}
	if os.Args[3] == "Exec" {
		_, err = db.Exec(insert, 100)
	} else {
		tx, beginErr := db.Begin()
		if beginErr != nil {
			panic(beginErr)
		}
		if _, err = tx.Exec(insert, 100); err == nil {
			err = tx.Commit()
		}
	}
	fmt.Printf("error %v", err)
}
GO
GOPATH=/usr/share/gocode GOCACHE="$work/cache" GO111MODULE=off go build -o probe probe.go
cat >probe.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

// Passes everything on, and ends the connection in place of the first `lost` answers that hold `tag`.
let lost = 0;
let tag = '';
const proxy = net.createServer((client) => {
  const server = net.connect(`${process.env.PGHOST}/.s.PGSQL.5432`);
  client.pipe(server);
  server.on('data', (part) => {
    if (lost > 0 && part.includes(tag)) {
      lost -= 1;
      client.end();
      server.end();
    } else client.write(part);
  });
  server.on('end', () => client.end());
  for (const socket of [client, server]) socket.on('error', () => socket.destroy());
}).listen(0, '127.0.0.1');
await once(proxy, 'listening');
const query = (sql) => execFileSync(`${process.env.BIN}/psql`, ['-X', '-A', '-t', '-q', '-c', sql], { encoding: 'utf8' }).trim();
query('CREATE TABLE charges (amount integer)');
const trial = async (driver, how, number) => {
  query('TRUNCATE charges');
  lost = number;
  tag = how === 'Exec' ? 'INSERT 0 1' : 'COMMIT\0';
  const go = spawn('./probe', [driver, `postgres://probe@127.0.0.1:${proxy.address().port}/postgres?sslmode=disable`, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  go.stdout.on('data', (part) => { text += part; });
  await once(go, 'close');
  return `${text}; rows ${query('SELECT count(*) FROM charges')}`;
};
for (const [name, driver] of [['lib/pq', 'postgres'], ['pgx', 'pgx']]) {
  console.log(`${name}, Exec, no answer is lost: ${await trial(driver, 'Exec', 0)}`);
  console.log(`${name}, Exec, the first answer is lost: ${await trial(driver, 'Exec', 1)}`);
  console.log(`${name}, Exec, each answer is lost: ${await trial(driver, 'Exec', 99)}`);
  console.log(`${name}, transaction, the answer to COMMIT is lost: ${await trial(driver, 'transaction', 1)}`);
}
process.exit(0);
JS
seen="$(BIN="$bin" PGPORT=5432 node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
lib/pq, Exec, no answer is lost: error <nil>; rows 1
lib/pq, Exec, the first answer is lost: error <nil>; rows 2
lib/pq, Exec, each answer is lost: error driver: bad connection; rows 3
lib/pq, transaction, the answer to COMMIT is lost: error driver: bad connection; rows 1
pgx, Exec, no answer is lost: error <nil>; rows 1
pgx, Exec, the first answer is lost: error unexpected EOF; rows 1
pgx, Exec, each answer is lost: error unexpected EOF; rows 1
pgx, transaction, the answer to COMMIT is lost: error unexpected EOF; rows 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: one db.Exec of an INSERT with lib/pq stores two rows and returns no error when the connection ends before the answer, and three rows when each answer is lost"
