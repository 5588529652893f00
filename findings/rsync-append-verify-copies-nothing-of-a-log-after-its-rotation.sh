#!/usr/bin/env bash
# What of a rotated log does a nightly "rsync -a --append-verify" copy, and what does --append make of it?
#
# Versions:  rsync 3.5.0 of Debian 12 (rsync), between two local folders.
# Guess:     The new log: its content is not a continuation of the copy, --append-verify checks that and copies the file as a whole. Only
#            --append trusts the copy.
# Behaviour: Nothing, with exit code 0, as long as the new log is not longer than the old one was: its lines are on one disk only, and when the
#            next rotation finds it shorter, they have never been copied. When it is longer, --append-verify notices and copies the whole.
#            --append makes one file of the old beginning and the new end; the next "rsync -a" leaves it, as size and time are those of the
#            source.
# Why the guess is wrong: both options skip every file that is not shorter on the receiving side, before anything is verified; only what is
#            appended to is compared, and --append sets the time of the source on the result.
# Source:    rsync(1), "--append" ("Rsync skips any files that exist on the receiving side that are not shorter") and "--append-verify".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v rsync >/dev/null || { echo "needs rsync" >&2; exit 2; }
case "$(rsync --version)" in *'version 3.5.0 '*) ;; *) echo "needs rsync 3.5.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
lines() { seq -f "$1 %04g" "$2" "$3"; }
copy() {
  code=0
  rsync -a "${@:2}" source/ copy/ >/dev/null 2>&1 || code=$?
  echo "$1: exit code $code, $(grep -c old copy/audit.log || true) old and $(grep -c new copy/audit.log || true) new lines, $(cmp -s source/audit.log copy/audit.log && echo 'equal to' || echo 'other than') the source"
}
trial() {
  rm -rf source copy
  mkdir source copy
  lines old 1 100 >source/audit.log
  touch -d '2026-01-01' source/audit.log
  copy "$1, first night" "$1"
  lines new 1 60 >source/audit.log
  touch -d '2026-01-02' source/audit.log
  copy "$1, 60 lines after a rotation" "$1"
  lines new 61 100 >>source/audit.log
  touch -d '2026-01-03' source/audit.log
  copy "$1, 100 lines after a rotation" "$1"
  lines new 101 150 >>source/audit.log
  touch -d '2026-01-04' source/audit.log
  copy "$1, 150 lines after a rotation" "$1"
  copy "then rsync -a"
}
seen="$(
trial --append-verify
trial --append
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
--append-verify, first night: exit code 0, 100 old and 0 new lines, equal to the source
--append-verify, 60 lines after a rotation: exit code 0, 100 old and 0 new lines, other than the source
--append-verify, 100 lines after a rotation: exit code 0, 100 old and 0 new lines, other than the source
--append-verify, 150 lines after a rotation: exit code 0, 0 old and 150 new lines, equal to the source
then rsync -a: exit code 0, 0 old and 150 new lines, equal to the source
--append, first night: exit code 0, 100 old and 0 new lines, equal to the source
--append, 60 lines after a rotation: exit code 0, 100 old and 0 new lines, other than the source
--append, 100 lines after a rotation: exit code 0, 100 old and 0 new lines, other than the source
--append, 150 lines after a rotation: exit code 0, 100 old and 50 new lines, other than the source
then rsync -a: exit code 0, 100 old and 50 new lines, other than the source
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rsync with --append-verify copies no line of a new log until it is longer than the old one was, and --append joins the two for good"
