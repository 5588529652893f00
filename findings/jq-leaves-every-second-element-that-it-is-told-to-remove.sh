#!/usr/bin/env bash
# Which elements of a list stay after jq's '(.[] | select(.secret)) |= empty'?
#
# Versions:  jq 1.6 of Debian 12 (jq).
# Guess:     Those that are not selected: an update to nothing removes the element, as it does for the members of an object.
# Behaviour: Every second of the selected ones too, if they follow each other: of four secret entries, two remain in the export. map_values(select(…)), which
#            does the same, also adds null at the end. With one selected element, as in a test, the first is right, and so it is for an object.
#            del(.[] | select(.secret)) and map(select(.secret | not)) remove all.
# Why the guess is wrong: jq 1.6 deletes one path after the other while it goes through the list, so that the following element takes the
#            place of the deleted one and is passed over. jq 1.7 corrects it.
# Source:    jq issues 2051 and 1771; jq manual, update-assignment ("the left-hand side path will be deleted, as with del(path)").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v jq >/dev/null || { echo "needs jq" >&2; exit 2; }
case "$(jq --version)" in jq-1.6*) ;; *) echo "needs jq 1.6" >&2; exit 2 ;; esac
run() { jq -c "$1" <<<"$2" 2>&1; }
ONE='[{"id":1},{"id":2,"secret":true},{"id":3}]'
FOUR='[{"id":1},{"id":2,"secret":true},{"id":3,"secret":true},{"id":4,"secret":true},{"id":5,"secret":true}]'
OBJECT='{"a":{"secret":true},"b":{"secret":true},"c":{"id":3}}'
seen="$(
for filter in '(.[] | select(.secret)) |= empty' 'map_values(select(.secret | not))' 'del(.[] | select(.secret))' 'map(select(.secret | not))'; do
  echo "$filter: one secret $(run "$filter | map(.id)" "$ONE"), four secrets $(run "$filter | map(.id)" "$FOUR")"
done
echo "an object, (.[] | select(.secret)) |= empty: $(run '(.[] | select(.secret)) |= empty | keys' "$OBJECT")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
(.[] | select(.secret)) |= empty: one secret [1,3], four secrets [1,3,5]
map_values(select(.secret | not)): one secret [1,3,null], four secrets [1,3,5,null,null]
del(.[] | select(.secret)): one secret [1,3], four secrets [1]
map(select(.secret | not)): one secret [1,3], four secrets [1]
an object, (.[] | select(.secret)) |= empty: ["c"]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: '(.[] | select(.secret)) |= empty' of jq 1.6 leaves every second of the selected elements in the list"
