#!/usr/bin/env bash
# Which exit code has "gpg --verify" for an export whose key has been revoked, or has expired, and which has gpgv?
#
# Versions:  GnuPG 2.2.40 of Debian 12 (gnupg, gpgv).
# Guess:     Not 0: a key is revoked because it is lost, and a script that takes exports must stop at its signatures, as it stops at a changed file.
# Behaviour: 0 in each case, as for a valid key; a warning is on standard error. The difference is in the lines of --status-fd: REVKEYSIG or EXPKEYSIG in place of GOODSIG, while
#            VALIDSIG is there in all three. A changed file is 1.
# Why the guess is wrong: the exit code says whether the signature and the data fit, which they do for ever. Whether to trust the key is a second question, and for a person. The
#            manual warns against using the exit code alone; a script reads GOODSIG.
# Source:    gpg(1), "Return value" ("Using only the return code is thus not an appropriate way to verify a signature by a script"); GnuPG, doc/DETAILS (REVKEYSIG,
#            EXPKEYSIG, VALIDSIG).
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in gpg gpgv; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(gpg --version)" in 'gpg (GnuPG) 2.2.40'*) ;; *) echo "needs GnuPG 2.2.40" >&2; exit 2 ;; esac
work="$(mktemp -d)"
export GNUPGHOME="$work/home"
mkdir -m 700 "$GNUPGHOME"
trap 'gpgconf --kill all >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
echo '{"executionId":"17"}' >export.ndjson
gpg --batch --quiet --passphrase '' --quick-generate-key probe@example.com ed25519 sign 1y 2>/dev/null
gpg --batch --quiet --detach-sign --output export.sig export.ndjson
cp export.ndjson changed.ndjson
echo '{"executionId":"18"}' >>changed.ndjson
code_of() { code=0; "$@" >/dev/null 2>&1 || code=$?; echo "$code"; }
check() {
  gpg --batch --export >ring.gpg
  echo "$1: gpg --verify $(code_of gpg --batch "${@:3}" --verify export.sig "$2"), $(gpg --batch "${@:3}" --status-fd 1 --verify export.sig "$2" 2>/dev/null | sed -n 's/^\[GNUPG:\] \([A-Z]*SIG\) .*/\1/p' | paste -sd ' ')"
  # It has no option for another time.
  if [ $# -eq 2 ]; then echo "$1: gpgv $(code_of gpgv --keyring "$work/ring.gpg" export.sig "$2")"; fi
}
seen="$(
check 'valid key' export.ndjson
check 'valid key, changed file' changed.ndjson
check 'key that has expired' export.ndjson --faked-system-time "$(date -u -d '+2 years' +%Y%m%dT%H%M%S)"
fingerprint="$(gpg --batch --with-colons --list-keys 2>/dev/null | sed -n 's/^fpr:*\([0-9A-F]*\):/\1/p' | head -n 1)"
# A line of the certificate is disabled, so that it is not imported by mistake.
sed 's/^:-----/-----/' "$GNUPGHOME/openpgp-revocs.d/$fingerprint.rev" >revocation
gpg --batch --quiet --import revocation 2>/dev/null
check 'key that was revoked' export.ndjson
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
valid key: gpg --verify 0, GOODSIG VALIDSIG
valid key: gpgv 0
valid key, changed file: gpg --verify 1, BADSIG
valid key, changed file: gpgv 1
key that has expired: gpg --verify 0, EXPKEYSIG VALIDSIG
key that was revoked: gpg --verify 0, REVKEYSIG VALIDSIG
key that was revoked: gpgv 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: gpg --verify has the exit code 0 for a signature whose key was revoked or has expired, and gpgv for one whose key was revoked"
