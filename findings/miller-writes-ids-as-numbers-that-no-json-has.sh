#!/usr/bin/env bash
# What does "mlr --icsv --ojson cat" make of ids that consist of digits?
#
# Versions:  Miller 6.6.0 of Debian 12 (miller); node's JSON.parse as the reader.
# Guess:     Texts, or numbers with the same value; valid JSON in any case.
# Behaviour: An id of hexadecimal digits such as 12e45 becomes the number 1.2e+46, and 1e5 becomes 100000. Hexadecimal and binary
#            ones, .5 and 5. are written without quotation marks: the whole document is no JSON. 004711 and 1_000 are texts, so that a look at
#            leading zeros finds nothing. With -S all are texts.
# Why the guess is wrong: Miller takes for a number whatever it could compute with, and writes a number that was not changed as it was read. The two
#            formats do not have the same numbers.
# Source:    Miller documentation, "Type-checking and inference", -S; Miller issues 1293 and 1761, pull request 2151.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in mlr node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(mlr --version)" in *6.6.0*) ;; *) echo "needs Miller 6.6.0" >&2; exit 2 ;; esac
read_it() { node -e 'const text = require("node:fs").readFileSync(0, "utf8"); try { const { id } = JSON.parse(text)[0]; console.log(typeof id, id); } catch (error) { console.log(error.name); }'; }
seen="$(
for id in 4711 004711 1_000 12e45 1e5 0x4711 0b11 .5 5.; do
  for how in '' -S; do
    # shellcheck disable=SC2086
    out="$(printf 'id,note\n%s,x\n' "$id" | mlr $how --icsv --ojson cat)"
    echo "$id ${how:-without an option}: writes $(sed -n 's/^ *"id": \(.*\),$/\1/p' <<<"$out"), JSON.parse gives $(read_it <<<"$out")"
  done
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
4711 without an option: writes 4711, JSON.parse gives number 4711
4711 -S: writes "4711", JSON.parse gives string 4711
004711 without an option: writes "004711", JSON.parse gives string 004711
004711 -S: writes "004711", JSON.parse gives string 004711
1_000 without an option: writes "1_000", JSON.parse gives string 1_000
1_000 -S: writes "1_000", JSON.parse gives string 1_000
12e45 without an option: writes 12e45, JSON.parse gives number 1.2e+46
12e45 -S: writes "12e45", JSON.parse gives string 12e45
1e5 without an option: writes 1e5, JSON.parse gives number 100000
1e5 -S: writes "1e5", JSON.parse gives string 1e5
0x4711 without an option: writes 0x4711, JSON.parse gives SyntaxError
0x4711 -S: writes "0x4711", JSON.parse gives string 0x4711
0b11 without an option: writes 0b11, JSON.parse gives SyntaxError
0b11 -S: writes "0b11", JSON.parse gives string 0b11
.5 without an option: writes .5, JSON.parse gives SyntaxError
.5 -S: writes ".5", JSON.parse gives string .5
5. without an option: writes 5., JSON.parse gives SyntaxError
5. -S: writes "5.", JSON.parse gives string 5.
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: mlr --icsv --ojson writes the id 12e45 as the number 1.2e+46, and 0x4711 or .5 as no JSON, unless -S is given"
