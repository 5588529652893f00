#!/usr/bin/env bash
# Which moment does Go's time.Parse read from "Mon, 30 Nov 2026 12:00:00 CET", on servers in UTC and in Vienna?
#
# Versions:  Go 1.19 of Debian 12 (golang-go), standard library.
# Guess:     11:00 UTC on both: the text names its zone. A name that Go does not know is an error.
# Behaviour: 12:00 UTC on the server in UTC, and 11:00 on the one in Vienna. "EST" is read as UTC on both, five hours off, and so is a name that does not exist, "XYZ". There is no error, and printed again the text looks the same. A
#            Retry-After or an expiry that names a zone moves with the server's TZ. With +0100 the moment is right.
# Why the guess is wrong: abbreviations are not unique. Go knows those of the local zone; for any other it makes up a zone with this name and offset zero.
# Source:    Go, src/time/format.go, the comment of Parse ("fabricated location with the given zone abbreviation and a zero offset").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v go >/dev/null || { echo "needs go (golang-go)" >&2; exit 2; }
case "$(go version)" in *' go1.19.'*) ;; *) echo "needs Go 1.19" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	for _, zone := range []string{"GMT", "CET", "EST", "XYZ", "+0100"} {
		layout := time.RFC1123
		if zone[0] == '+' {
			layout = time.RFC1123Z
		}
		text := "Mon, 30 Nov 2026 12:00:00 " + zone
		moment, err := time.Parse(layout, text)
		fmt.Printf("TZ=%s, %s: %s, error %v, printed again the same: %v\n", os.Getenv("TZ"), text, moment.UTC().Format("15:04 MST"), err, moment.Format(layout) == text)
	}
}
GO
GOCACHE="$work/cache" GO111MODULE=off go build -o probe probe.go
seen="$(
TZ=UTC ./probe
TZ=Europe/Vienna ./probe
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
TZ=UTC, Mon, 30 Nov 2026 12:00:00 GMT: 12:00 UTC, error <nil>, printed again the same: true
TZ=UTC, Mon, 30 Nov 2026 12:00:00 CET: 12:00 UTC, error <nil>, printed again the same: true
TZ=UTC, Mon, 30 Nov 2026 12:00:00 EST: 12:00 UTC, error <nil>, printed again the same: true
TZ=UTC, Mon, 30 Nov 2026 12:00:00 XYZ: 12:00 UTC, error <nil>, printed again the same: true
TZ=UTC, Mon, 30 Nov 2026 12:00:00 +0100: 11:00 UTC, error <nil>, printed again the same: true
TZ=Europe/Vienna, Mon, 30 Nov 2026 12:00:00 GMT: 12:00 UTC, error <nil>, printed again the same: true
TZ=Europe/Vienna, Mon, 30 Nov 2026 12:00:00 CET: 11:00 UTC, error <nil>, printed again the same: true
TZ=Europe/Vienna, Mon, 30 Nov 2026 12:00:00 EST: 12:00 UTC, error <nil>, printed again the same: true
TZ=Europe/Vienna, Mon, 30 Nov 2026 12:00:00 XYZ: 12:00 UTC, error <nil>, printed again the same: true
TZ=Europe/Vienna, Mon, 30 Nov 2026 12:00:00 +0100: 11:00 UTC, error <nil>, printed again the same: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: time.Parse of Go reads a zone abbreviation that is not the server's as UTC, without an error"
