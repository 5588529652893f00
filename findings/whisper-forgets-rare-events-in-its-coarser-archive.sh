#!/usr/bin/env bash
# What is left in Graphite of one minute with 5 errors, when it is old enough for the archive of one point a minute?
#
# Versions:  whisper 1.1.4 of Debian 12 (python3-whisper, graphite-carbon), with the schema 10s:1h,1m:1d and the default xFilesFactor of 0.5.
# Guess:     A point with 5 errors, or with their average.
# Behaviour: Nothing: the point is empty, also with the aggregation "sum". It disappears when the finer archive ends, so that the graph of an hour
#            shows the errors and the graph of a day does not. A counter that is sent every ten seconds, zeros included, stays. With
#            xFilesFactor = 0 the errors stay; with the aggregation "average", the default, a busy minute of 60 events is one of 10.
# Why the guess is wrong: a coarser point is made only if half of its finer points have a value. Something that is sent when it happens has one of six.
# Source:    Graphite documentation, whisper ("xFilesFactor"), storage-aggregation.conf; whisper.py, __propagate.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(dpkg-query -W -f '${Version}' python3-whisper 2>/dev/null)" in 1.1.4*) ;; *) echo "needs python3-whisper 1.1.4" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import time
import whisper

minute = int(time.time()) // 60 * 60 - 300
SERIES = {
    'one value, 5': {0: 5},
    'two values, 5 and 5': {0: 5, 10: 5},
    'three values, 5, 0 and 0': {0: 5, 10: 0, 20: 0},
    'six values of 10': {offset: 10 for offset in range(0, 60, 10)},
}
for method, factor in (('average', None), ('sum', None), ('sum', 0)):
    for name, values in SERIES.items():
        path = f'{method}-{factor}-{len(values)}.wsp'
        whisper.create(path, [(10, 360), (60, 1440)], xFilesFactor=factor, aggregationMethod=method)
        for offset, value in values.items():
            whisper.update(path, value, minute + offset)
        fine = [value for value in whisper.fetch(path, minute - 10, minute + 59)[1] if value is not None]
        # Older than the first archive reaches: what a request for a day reads.
        (start, _, step), points = whisper.fetch(path, minute - 7200, minute + 60)
        coarse = points[(minute - start) // step]
        print(f'{method}, xFilesFactor {"by default" if factor is None else factor}, {name}: in the hour {sum(fine):g}, in the day {"nothing" if coarse is None else format(coarse, "g")}')
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
average, xFilesFactor by default, one value, 5: in the hour 5, in the day nothing
average, xFilesFactor by default, two values, 5 and 5: in the hour 10, in the day nothing
average, xFilesFactor by default, three values, 5, 0 and 0: in the hour 5, in the day 1.66667
average, xFilesFactor by default, six values of 10: in the hour 60, in the day 10
sum, xFilesFactor by default, one value, 5: in the hour 5, in the day nothing
sum, xFilesFactor by default, two values, 5 and 5: in the hour 10, in the day nothing
sum, xFilesFactor by default, three values, 5, 0 and 0: in the hour 5, in the day 5
sum, xFilesFactor by default, six values of 10: in the hour 60, in the day 60
sum, xFilesFactor 0, one value, 5: in the hour 5, in the day 5
sum, xFilesFactor 0, two values, 5 and 5: in the hour 10, in the day 10
sum, xFilesFactor 0, three values, 5, 0 and 0: in the hour 5, in the day 5
sum, xFilesFactor 0, six values of 10: in the hour 60, in the day 60
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Graphite forgets what has a value in less than half of the points of a coarser archive, so that rare errors are in the graph of an hour and not in that of a day"
