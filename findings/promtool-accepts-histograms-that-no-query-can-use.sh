#!/usr/bin/env bash
# Does `promtool check metrics` find a histogram whose buckets are not cumulative and have no +Inf, or one series twice?
#
# Versions:  Prometheus 2.42.0 of Debian 12 (prometheus, with promtool).
# Guess:     Yes: it is the check for expositions in CI. It complains about a missing HELP and about the name of a counter.
# Behaviour: It passes all of these, with exit code 0 and without a word. histogram_quantile on such buckets is NaN, no comparison with NaN is true,
#            and an alert on it never fires.
# Why the guess is wrong: the text is read into families and then linted for names, units and help. That buckets grow, end with +Inf and agree with
#            _count, and that a series is there once, is nowhere verified.
# Source:    Prometheus, cmd/promtool/main.go, CheckMetrics; client_golang, prometheus/testutil/promlint; documentation, histogram_quantile.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v promtool >/dev/null || { echo "needs promtool (Debian: prometheus)" >&2; exit 2; }
promtool --version 2>&1 | grep -q 'version 2\.42\.0' || { echo "needs promtool 2.42.0" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
check() {
  local status=0 output
  output="$(promtool check metrics 2>&1)" || status=$?
  echo "$1: exit code $status${output:+, $output}"
}
histogram() { printf '# HELP wait_seconds Time.\n# TYPE wait_seconds histogram\n'; printf 'wait_seconds_%s\n' "$@"; }
counter() { printf '# HELP results_total Results.\n# TYPE results_total counter\n'; printf 'results_total %s\n' "$@"; }
# Evaluates a query on the same buckets.
quantile() {
  local name=$1
  shift
  {
    printf 'evaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n'
    printf "      - {series: 'wait_seconds_bucket{%s}', values: %s}\n" "$@"
    printf '    promql_expr_test:\n      - {expr: "histogram_quantile(0.9, wait_seconds_bucket)", eval_time: 0m, exp_samples: [{value: -1}]}\n'
  } >test.yml
  echo "0.9 quantile, $name: $(promtool test rules test.yml 2>&1 | sed -n -E 's/.*got:.*[} ]([0-9.E+-]+|NaN|\+Inf)"?$/\1/p')"
}
seen="$(
check 'a correct histogram' < <(histogram 'bucket{le="1"} 3' 'bucket{le="2"} 5' 'bucket{le="+Inf"} 5' 'sum 6' 'count 5')
check 'a counter without _total' < <(printf '# HELP results Results.\n# TYPE results counter\nresults 1\n')
check 'buckets that are not cumulative' < <(histogram 'bucket{le="1"} 5' 'bucket{le="2"} 3' 'bucket{le="+Inf"} 1' 'sum 6' 'count 9')
check 'no +Inf' < <(histogram 'bucket{le="1"} 3' 'bucket{le="2"} 5' 'sum 6' 'count 5')
check 'no bucket at all' < <(histogram 'sum 6' 'count 5')
check 'a counter twice' < <(counter 1 2)
quantile 'a correct histogram' 'le="1"' 3 'le="2"' 5 'le="+Inf"' 5
quantile 'no +Inf' 'le="1"' 3 'le="2"' 5
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a correct histogram: exit code 0
a counter without _total: exit code 3, results counter metrics should have "_total" suffix
buckets that are not cumulative: exit code 0
no +Inf: exit code 0
no bucket at all: exit code 0
a counter twice: exit code 0
0.9 quantile, a correct histogram: 1.75E+00
0.9 quantile, no +Inf: NaN
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: promtool check metrics accepts buckets that are not cumulative, a histogram without +Inf, and a series twice"
