#!/usr/bin/env bash
# Does "rclone copy" bring a changed file to a WebDAV server, when the size is the same?
#
# Versions:  rclone 1.60.1 of Debian 12 (rclone), which also is the server (rclone serve webdav).
# Guess:     Yes: rclone compares the size and the time of modification, as rsync does, and the file is newer.
# Behaviour: No, never: copy, sync and copy --update end with 0 and without a line, and the order that was refused stays pending there. check ends with 0,
#            because it compares the sizes alone, too. --checksum writes one notice and copies nothing. --ignore-times copies it, and
#            check --download finds the difference.
# Why the guess is wrong: plain WebDAV (vendor = other) has no checksums, and its times are those of the upload. rclone then compares what is left, the
#            size.
# Source:    rclone documentation, webdav ("modified times and hashes"), overview of storage systems (Hash, ModTime), rclone check.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v rclone >/dev/null || { echo "needs rclone" >&2; exit 2; }
case "$(rclone version 2>/dev/null)" in 'rclone v1.60.1'*) ;; *) echo "needs rclone 1.60.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export RCLONE_CONFIG="$work/rclone.conf" RCLONE_CACHE_DIR="$work/cache"
mkdir here there
rclone serve webdav there --addr 127.0.0.1:0 >server.log 2>&1 &
for _ in $(seq 200); do
  url="$(grep -o 'http://[^ ]*' server.log | head -n 1 || true)"
  if [ -n "$url" ]; then break; fi
  sleep 0.05
done
printf '[dav]\ntype = webdav\nurl = %s\nvendor = other\n' "$url" >rclone.conf
seen="$(
printf '{"order":"order-1","status":"pending","amount":990}\n' >here/orders.ndjson
touch -d '2026-01-01 00:00' here/orders.ndjson
rclone copy here dav: 2>&1
echo "first copy: $(cat there/orders.ndjson)"
printf '{"order":"order-1","status":"refused","amount":995}\n' >here/orders.ndjson
for command in 'copy' 'sync' 'copy --update' 'check' 'check --download' 'copy --checksum' 'copy --ignore-times'; do
  code=0
  # shellcheck disable=SC2086
  rclone $command here dav: >out 2>&1 || code=$?
  echo "after the change, rclone $command: exit code $code, $(wc -l <out) lines; there: $(grep -o 'pending\|refused' there/orders.ndjson)"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
first copy: {"order":"order-1","status":"pending","amount":990}
after the change, rclone copy: exit code 0, 0 lines; there: pending
after the change, rclone sync: exit code 0, 0 lines; there: pending
after the change, rclone copy --update: exit code 0, 0 lines; there: pending
after the change, rclone check: exit code 0, 4 lines; there: pending
after the change, rclone check --download: exit code 1, 3 lines; there: pending
after the change, rclone copy --checksum: exit code 0, 1 lines; there: pending
after the change, rclone copy --ignore-times: exit code 0, 0 lines; there: refused
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rclone copy and sync to WebDAV leave a changed file alone if its size is the same, and rclone check finds no difference"
