#!/usr/bin/env bash
# What does "duplicity verify" report after a file of the source was changed, and after all files were deleted?
#
# Versions:  duplicity 0.8.22 of Debian 12 (duplicity), a backup in a local folder, without encryption.
# Guess:     Differences and exit code 1: verify gets the backup and the folder as arguments, and says how many files it compared.
# Behaviour: "0 differences found" and exit code 0, for a file with another content, size and time, and for an empty folder, too. The folder has
#            to exist, and nothing in it is looked at. --compare-data reports one difference, and the missing files.
# Why the guess is wrong: verify restores each file of the backup and compares it with the hash that the same backup has stored. It proves that
#            the backup can be read, not that it is a backup of these files: a job that has backed up the wrong folder, or nothing since January,
#            verifies as well.
# Source:    duplicity(1), "verify" ("matches the signature of that file stored in the backup") and "--compare-data".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v duplicity >/dev/null || { echo "needs duplicity" >&2; exit 2; }
case "$(duplicity --version)" in *' 0.8.22'*) ;; *) echo "needs duplicity 0.8.22" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work"
mkdir source
echo '{"key":"4711","amount":10}' >source/charge.json
echo '{"key":"4712","amount":20}' >source/refund.json
duplicity full --no-encryption source "file://$work/backup" >/dev/null
verify() {
  code=0
  duplicity verify --no-encryption "${@:2}" "file://$work/backup" source >output 2>&1 || code=$?
  echo "$1: $(sed -n 's/^Verify complete: //p' output) exit code $code"
}
seen="$(
verify 'unchanged'
echo '{"key":"4711","amount":99999}' >source/charge.json
touch -d '2020-01-01' source/charge.json
verify 'another content, size and time'
verify 'the same with --compare-data' --compare-data
rm source/*
verify 'an empty folder'
verify 'the same with --compare-data' --compare-data
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
unchanged: 3 files compared, 0 differences found. exit code 0
another content, size and time: 3 files compared, 0 differences found. exit code 0
the same with --compare-data: 3 files compared, 1 difference found. exit code 1
an empty folder: 3 files compared, 0 differences found. exit code 0
the same with --compare-data: 3 files compared, 3 differences found. exit code 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: duplicity verify compares a backup with itself: it finds no difference in a changed file and in an empty folder, unless --compare-data is given"
