#!/usr/bin/env bash
# Does `promtool test rules` fail if a test names an alert, a metric or a file of rules that does not exist?
#
# Versions:  Prometheus 2.42.0 of Debian 12 (prometheus, with promtool).
# Guess:     Yes: a test that cannot be run is an error, as an unknown name is in other test runners.
# Behaviour: A test that expects no alert passes with an unknown alert, with a metric that no rule reads, and without any rule, all with SUCCESS
#            and exit code 0. A missing file is a warning. A test that "stays quiet" is no test any more after a rename.
# Why the guess is wrong: promtool collects the alerts that fire, and compares the list of the name with the expected one. It is
#            empty for a name that is unknown. The paths are patterns, and a pattern may match nothing.
# Source:    Prometheus, cmd/promtool/unittest.go; pull request 8504 of prometheus/prometheus, which rejects a test without a name, only.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v promtool >/dev/null || { echo "needs promtool (Debian: prometheus)" >&2; exit 2; }
promtool --version 2>&1 | grep -q 'version 2\.42\.0' || { echo "needs promtool 2.42.0" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >rules.yml <<'YAML'
groups:
  - name: receiver
    rules:
      - {alert: ReceiverDown, expr: up == 0}
YAML
# A test in which the receiver is down, and the alert is expected to be quiet.
test_of() {
  local name=$1 file=$2 metric=$3 alert=$4
  cat >test.yml <<YAML
rule_files: [$file]
tests:
  - interval: 1m
    input_series: [{series: $metric, values: 0x10}]
    alert_rule_test: [{eval_time: 5m, alertname: $alert, exp_alerts: []}]
YAML
  local status=0
  promtool test rules test.yml >output 2>&1 || status=$?
  echo "$name: exit code $status, $(grep -o -E 'SUCCESS|FAILED' output)$(sed -n 's/^ *WARNING/, warning/p' output)"
}
seen="$(
test_of 'correct names' rules.yml up ReceiverDown
test_of 'alert of another name' rules.yml up ReceiverGone
test_of 'metric of another name' rules.yml upp ReceiverDown
test_of 'file of another name' rulez.yml up ReceiverDown
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
correct names: exit code 1, FAILED
alert of another name: exit code 0, SUCCESS
metric of another name: exit code 0, SUCCESS
file of another name: exit code 0, SUCCESS, warning: no file match pattern rulez.yml
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: promtool passes a test that expects no alert, if the alert, its metric or the whole file of rules does not exist"
