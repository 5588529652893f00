#!/usr/bin/env bash
# Does "openssl x509 -checkend" find an intermediate certificate that is about to expire?
#
# Versions:  OpenSSL 3.0 of Debian 12 (openssl); a file with the leaf first and the intermediate behind it, as in a fullchain.pem.
# Guess:     Yes: it is asked about the file, and a chain is valid until its first certificate expires.
# Behaviour: No: it looks at the first certificate of the file, the leaf, and ends with 0. On the day on which the intermediate expires, the chain is not valid any more, and the check is green.
#            "openssl verify -untrusted … -attime" with a time of next month finds it, or a check of each certificate.
# Why the guess is wrong: x509 is the tool for one certificate. What follows in the file is not read, and nothing is said about it.
# Source:    openssl-x509(1), -in ("This specifies the input to read a certificate from") and -checkend ("Checks if the certificate expires within the next arg seconds"); openssl-verification-options(1), -attime.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(openssl version)" in 'OpenSSL 3.0.'*) ;; *) echo "needs OpenSSL 3.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
ca='basicConstraints=critical,CA:TRUE'
make() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null; openssl x509 -req -in "$1.csr" -days "$2" "${@:3}" -out "$1.pem" 2>/dev/null; }
echo "$ca" >ca.ext
make root 3650 -signkey root.key -extfile ca.ext
make intermediate 5 -CA root.pem -CAkey root.key -CAcreateserial -extfile ca.ext
make leaf 90 -CA intermediate.pem -CAkey intermediate.key -CAcreateserial
cat leaf.pem intermediate.pem >fullchain.pem
seconds=$((30 * 86400))
check() { code=0; text="$(openssl x509 -checkend "$seconds" -noout -in "$1")" || code=$?; echo "$text, exit code $code"; }
verify() { code=0; openssl verify -CAfile root.pem -untrusted intermediate.pem "$@" leaf.pem >out 2>&1 || code=$?; echo "exit code $code, $(grep -o 'certificate has expired\|OK' out | head -1)"; }
seen="$(
echo "fullchain.pem, 30 days ahead: $(check fullchain.pem)"
echo "leaf.pem: $(check leaf.pem)"
echo "intermediate.pem: $(check intermediate.pem)"
echo "verify now: $(verify)"
echo "verify 30 days ahead: $(verify -attime $(($(date +%s) + seconds)))"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
fullchain.pem, 30 days ahead: Certificate will not expire, exit code 0
leaf.pem: Certificate will not expire, exit code 0
intermediate.pem: Certificate will expire, exit code 1
verify now: exit code 0, OK
verify 30 days ahead: exit code 2, certificate has expired
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: openssl x509 -checkend looks at the first certificate of a file only, and says that a chain will not expire whose intermediate expires in five days"
