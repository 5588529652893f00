#!/usr/bin/env bash
# Does "sha256sum -c" fail if lines of the list cannot be read, or files of it are not named?
#
# Versions:  coreutils 9.1 of Debian 12 (coreutils).
# Guess:     Yes: a list with a line that is no checksum is damaged, and what it should have checked is unchecked.
# Behaviour: No: it warns and ends with 0, if at least one line can be read. So a list that was cut, or joined with an error page, or of which a line is damaged, passes a file that was changed. --strict ends
#            with 1. With --status in a script nobody sees the warning.
# Why the guess is wrong: a line that is not valid is passed over. Only a list without any valid line fails.
# Source:    GNU coreutils manual, "md5sum invocation": --check ("if any valid line has an MD5 checksum inconsistent with the associated file, or if no valid line is found, md5sum exits with nonzero status. Otherwise, it exits
#            successfully"), --strict ("if one or more input line is invalid, exit nonzero"), --status.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(sha256sum --version | head -1)" in 'sha256sum (GNU coreutils) 9.1') ;; *) echo "needs sha256sum of coreutils 9.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
for name in a b c; do echo "{\"id\":\"$name\"}" >"$name.ndjson"; done
sha256sum a.ndjson b.ndjson c.ndjson >whole
echo '{"id":"other"}' >b.ndjson
check() { code=0; sha256sum -c "${@:2}" "$1" >out 2>err || code=$?; echo "exit code $code, OK $(grep -c ': OK' out || true), FAILED $(grep -c ': FAILED' out || true), warnings $(wc -l <err)"; }
seen="$(
echo "b.ndjson was changed; whole list: $(check whole)"
sed '2s/^....//' whole >damaged
echo "four digits of its line are missing: $(check damaged)"
echo "the same with --status: $(check damaged --status)"
echo "the same with --strict: $(check damaged --strict)"
head -c 100 whole >cut
echo "the list was cut after 100 bytes: $(check cut)"
{ head -1 whole; printf '%s\n' '<html>502 Bad Gateway</html>'; } >joined
echo "an error page in the place of the rest: $(check joined)"
echo "nothing but an error page: $(tail -1 joined >page; check page)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
b.ndjson was changed; whole list: exit code 1, OK 2, FAILED 1, warnings 1
four digits of its line are missing: exit code 0, OK 2, FAILED 0, warnings 1
the same with --status: exit code 0, OK 0, FAILED 0, warnings 0
the same with --strict: exit code 1, OK 2, FAILED 0, warnings 1
the list was cut after 100 bytes: exit code 0, OK 1, FAILED 0, warnings 1
an error page in the place of the rest: exit code 0, OK 1, FAILED 0, warnings 1
nothing but an error page: exit code 1, OK 0, FAILED 0, warnings 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sha256sum -c ends with 0 if it can read one line of a list whose other lines are damaged"
