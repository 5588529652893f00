#!/usr/bin/env bash
# Who gets an alert for two addresses of which the mail server refuses one?
#
# Versions:  msmtp 1.8.23, curl 7.88.1, s-nail 14.9.24, swaks 20201014.0, sendEmail 1.56, smtplib of Python 3.11 and Net::SMTP of Perl 5.36, all
#            of Debian 12; node for the server, which answers 550 to the address of somebody who has left.
# Guess:     The other one, and the program reports the refused address: each RCPT has a response of its own, and a mail server in between would
#            deliver to the other.
# Behaviour: Nobody, with msmtp, curl and s-nail, which do not send DATA after a refusal. Net::SMTP stops at the refused address: those before it
#            get the alert, those after it do not, and its script ends with 0. swaks, sendEmail and smtplib send to the other; swaks and
#            sendEmail end with 0, sendEmail with "sent successfully", so that nobody hears of the dead address. The day on which a colleague
#            leaves is the day on which the alerts of half of these programs stop for all.
# Why the guess is wrong: SMTP lets the client decide. These programs have one exit code for a message, and take it as sent to all or to none;
#            curl has --mail-rcpt-allowfails, Net::SMTP has SkipBad.
# Source:    curl(1), "--mail-rcpt-allowfails" ("by default curl will abort SMTP conversation if at least one of the recipients causes RCPT TO
#            command to return an error"); Python documentation, smtplib.SMTP.sendmail ("accepted for at least one recipient").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for program in msmtp curl s-nail swaks sendemail python3 perl node; do
  command -v "$program" >/dev/null || { echo "needs $program" >&2; exit 2; }
done
version() {
  case "$($1 2>&1 || true)" in *"$2"*) ;; *) echo "needs $2" >&2; exit 2 ;; esac
}
version 'msmtp --version' 'msmtp version 1.8.23'
version 'curl --version' 'curl 7.88.1'
version 's-nail --version' '14.9.24'
version 'swaks --version' 'swaks version 20201014.0'
version 'sendemail --help' 'sendemail-1.56'
version '/usr/bin/python3 --version' 'Python 3.11'
version '/usr/bin/perl -v' 'v5.36'
work="$(mktemp -d)"
server=
trap 'if [ -n "$server" ]; then kill "$server" || true; fi; rm -rf "$work"' EXIT
cd "$work"
cat >server.mjs <<'JS'
import { appendFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';

const server = net.createServer((connection) => {
  let text = '';
  let inData = false;
  let accepted = [];
  const answer = (line) => {
    if (inData) {
      if (line !== '.') return '';
      inData = false;
      appendFileSync('delivered', `${accepted.join(' ')}\n`);
      return '250 stored';
    }
    const [verb] = line.toUpperCase().split(/[ :]/);
    if (verb === 'RCPT') {
      const [, address] = /<(.*?)@/.exec(line);
      if (address === 'left') return '550 5.1.1 no such user';
      accepted.push(address);
    } else if (verb === 'MAIL' || verb === 'RSET') accepted = [];
    else if (verb === 'DATA') {
      if (accepted.length === 0) return '554 5.5.1 no valid recipients';
      inData = true;
      return '354 go on';
    } else if (verb === 'QUIT') return '221 bye';
    return '250 ok';
  };
  connection.on('error', () => {});
  connection.write('220 server ESMTP\r\n');
  connection.on('data', (chunk) => {
    text += chunk;
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const reply = answer(text.slice(0, end));
      text = text.slice(end + 2);
      if (reply) connection.write(`${reply}\r\n`);
      if (reply.startsWith('221')) connection.end();
    }
  });
}).listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)));
JS
node server.mjs &
server=$!
for _ in $(seq 200); do
  if [ -s port ]; then break; fi
  sleep 0.05
done
port="$(cat port)"
printf 'Subject: the queue is full\nFrom: probe@example.org\n\nsee the dashboard\n' >mail
send() {
  name="$1"
  shift
  : >delivered
  code=0
  "$@" <mail >output 2>&1 || code=$?
  echo "  $name: $(if [ -s delivered ]; then tr '\n' ' ' <delivered | sed 's/ $//'; else echo nobody; fi), exit code $code"
}
cat >send.py <<'PY'
import smtplib, sys
refused = smtplib.SMTP('127.0.0.1', int(sys.argv[1])).sendmail('probe@example.org', sys.argv[2:], sys.stdin.read())
sys.exit(f'refused: {refused}' if refused else 0)
PY
cat >net-smtp.pl <<'PL'
use Net::SMTP;
my $smtp = Net::SMTP->new('127.0.0.1', Port => shift @ARGV) or die;
$smtp->mail('probe@example.org');
$smtp->to(@ARGV);
$smtp->data(<STDIN>);
$smtp->quit;
PL
trial() {
  echo "$1 and $2"
  one="$1@example.org"
  two="$2@example.org"
  send msmtp msmtp --host=127.0.0.1 "--port=$port" --from=probe@example.org --auth=off --tls=off "$one" "$two"
  send curl curl -sS "smtp://127.0.0.1:$port" --mail-from probe@example.org --mail-rcpt "$one" --mail-rcpt "$two" -T -
  send 'curl --mail-rcpt-allowfails' curl -sS "smtp://127.0.0.1:$port" --mail-rcpt-allowfails --mail-from probe@example.org --mail-rcpt "$one" --mail-rcpt "$two" -T -
  send s-nail s-nail -:/ -S v15-compat -S "mta=smtp://127.0.0.1:$port" -S smtp-config=-all -S from=probe@example.org -s alert "$one" "$two"
  send Net::SMTP /usr/bin/perl net-smtp.pl "$port" "$one" "$two"
  send swaks swaks --server "127.0.0.1:$port" --from probe@example.org --to "$one,$two"
  send sendEmail sendemail -f probe@example.org -t "$one" -t "$two" -u alert -m text -s "127.0.0.1:$port" -o tls=no
  send smtplib /usr/bin/python3 send.py "$port" "$one" "$two"
}
export HOME="$work"
seen="$(
trial oncall left
trial left oncall
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
oncall and left
  msmtp: nobody, exit code 65
  curl: nobody, exit code 55
  curl --mail-rcpt-allowfails: oncall, exit code 0
  s-nail: nobody, exit code 4
  Net::SMTP: oncall, exit code 0
  swaks: oncall, exit code 0
  sendEmail: oncall, exit code 0
  smtplib: oncall, exit code 1
left and oncall
  msmtp: nobody, exit code 65
  curl: nobody, exit code 55
  curl --mail-rcpt-allowfails: oncall, exit code 0
  s-nail: nobody, exit code 4
  Net::SMTP: nobody, exit code 0
  swaks: oncall, exit code 0
  sendEmail: oncall, exit code 0
  smtplib: oncall, exit code 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: msmtp, curl and s-nail send an alert to nobody if the server refuses one of its addresses, Net::SMTP to those before it, swaks and sendEmail to the others without an error"
