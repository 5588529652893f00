#!/usr/bin/env bash
# What does "openssl base64 -d" make of a secret or a signature in one line?
#
# Versions:  OpenSSL 3.0.19 of Debian 12 (openssl); coreutils' base64 beside it.
# Guess:     Its bytes, as "base64 -d" does, or an error for what it does not accept.
# Behaviour: Nothing, if no line break follows, as with printf and most environment variables: an empty secret, exit code 0, no message. An HMAC with
#            that key is valid for whoever knows that it is empty, and two empty signatures are equal. With a line break it is right
#            up to 1,024 characters; of a longer line it decodes the end. With -A everything is right.
# Why the guess is wrong: without -A the command reads the lines of PEM: a line counts when its end has arrived, and the first one may have 1,024
#            characters. What it does not take for Base64 it passes over.
# Source:    BIO_f_base64(3) ("first line should be at most 1024 characters long. If it is longer then it is ignored completely … There must be
#            a newline at the end of input"); openssl-enc(1), -A.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v openssl >/dev/null || { echo "needs openssl" >&2; exit 2; }
case "$(openssl version)" in 'OpenSSL 3.0.19 '*) ;; *) echo "needs OpenSSL 3.0.19" >&2; exit 2 ;; esac
decode() {
  code=0
  bytes="$("$@" 2>error | wc -c; exit "${PIPESTATUS[0]}")" || code=$?
  echo "$bytes bytes, exit code $code, $(wc -l <error) error lines"
}
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
seen="$(
for size in 32 64 760 1000; do
  text="$(head -c "$size" /dev/zero | tr '\0' 'k' | base64 -w 0)"
  printf '%s' "$text" >bare
  printf '%s\n' "$text" >line
  for form in bare line; do
    echo "$size bytes, ${#text} characters, $form: openssl base64 -d $(decode openssl base64 -d -in $form); with -A $(decode openssl base64 -d -A -in $form)"
  done
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
32 bytes, 44 characters, bare: openssl base64 -d 0 bytes, exit code 0, 0 error lines; with -A 32 bytes, exit code 0, 0 error lines
32 bytes, 44 characters, line: openssl base64 -d 32 bytes, exit code 0, 0 error lines; with -A 32 bytes, exit code 0, 0 error lines
64 bytes, 88 characters, bare: openssl base64 -d 0 bytes, exit code 0, 0 error lines; with -A 64 bytes, exit code 0, 0 error lines
64 bytes, 88 characters, line: openssl base64 -d 64 bytes, exit code 0, 0 error lines; with -A 64 bytes, exit code 0, 0 error lines
760 bytes, 1016 characters, bare: openssl base64 -d 0 bytes, exit code 0, 0 error lines; with -A 760 bytes, exit code 0, 0 error lines
760 bytes, 1016 characters, line: openssl base64 -d 760 bytes, exit code 0, 0 error lines; with -A 760 bytes, exit code 0, 0 error lines
1000 bytes, 1336 characters, bare: openssl base64 -d 0 bytes, exit code 0, 0 error lines; with -A 1000 bytes, exit code 0, 0 error lines
1000 bytes, 1336 characters, line: openssl base64 -d 232 bytes, exit code 0, 0 error lines; with -A 1000 bytes, exit code 0, 0 error lines
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: openssl base64 -d without -A decodes a line that no line break follows to nothing, and one above 1,024 characters to its end, with exit code 0"
