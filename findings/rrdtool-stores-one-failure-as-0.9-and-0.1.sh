#!/usr/bin/env bash
# Which values does RRDtool keep of a gauge that is 1 in one sample, for one failed payment, and 0 in all others?
#
# Versions:  RRDtool 1.7.2 of Debian 12 (rrdtool), which Cacti, Munin, collectd and others store their values in.
# Guess:     1 in one interval of five minutes and 0 in the others; with MAX at the latest 1.
# Behaviour: 0.9 in one interval and 0.1 in the next, in the AVERAGE and in the MAX archive, because the samples come 30 s after the full five minutes. An alert for "at least 1" is never
#            raised. Samples on the full interval, of the same database, are kept as they are.
# Why the guess is wrong: RRDtool stores no samples. A gauge holds for the time since the sample before it, and what is stored is the mean of each fixed interval of
#            the step; MAX is the greatest of these means. Counts belong into a counter that is never reset, or into something that stores samples.
# Source:    RRDtool, rrdtutorial(1) ("RRDtool therefore interpolates the data"); rrdupdate(1), "time aligned (interpolated)".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v rrdtool >/dev/null || { echo "needs rrdtool" >&2; exit 2; }
case "$(rrdtool --version)" in 'RRDtool 1.7.2 '*) ;; *) echo "needs RRDtool 1.7.2" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# A multiple of 300 s.
start=1700000100
trial() {
  rm -f failed.rrd
  rrdtool create failed.rrd --start "$start" --step 300 DS:failed:GAUGE:600:0:U RRA:AVERAGE:0.5:1:20 RRA:MAX:0.5:1:20 RRA:MAX:0.5:6:20
  n=0
  for value in 0 0 1 0 0 0; do
    n=$((n + 1))
    rrdtool update failed.rrd "$((start + n * 300 + $1)):$value"
  done
  for archive in AVERAGE MAX; do
    echo "$archive, samples $1 s after the interval: $(rrdtool fetch failed.rrd "$archive" -r 300 -s "$start" -e "$((start + 1499))" | sed -n 's/^[0-9]*: //p' | xargs printf '%.2f ' | sed 's/ $//')"
  done
}
seen="$(
trial 0
trial 30
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
AVERAGE, samples 0 s after the interval: 0.00 0.00 1.00 0.00 0.00
MAX, samples 0 s after the interval: 0.00 0.00 1.00 0.00 0.00
AVERAGE, samples 30 s after the interval: 0.00 0.00 0.90 0.10 0.00
MAX, samples 30 s after the interval: 0.00 0.00 0.90 0.10 0.00
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: RRDtool stores a gauge that was 1 in one sample as 0.90 and 0.10, also in its MAX archive"
