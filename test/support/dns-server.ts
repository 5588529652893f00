// A DNS server on loopback that answers address queries as a test says, and counts the queries.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

const NXDOMAIN = 3;
const TYPES: Record<number, 4 | 6> = { 1: 4, 28: 6 };

/** The addresses of a name; `null`: there is no such name; `silent`: no response. */
export type Answer = readonly string[] | null | 'silent';

export async function startDnsServer(answer: (name: string, family: 4 | 6) => Answer) {
  const socket = createSocket('udp4');
  const queries: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const family = TYPES[query.readUInt16BE(at + 1)];
    const name = labels.join('.').toLowerCase();
    if (family === 4) queries.push(name);
    const found = family === undefined ? [] : answer(name, family);
    if (found === 'silent') return;
    const records = (found ?? []).map((one) => recordOf(one, query.readUInt16BE(at + 1)));
    const head = Buffer.alloc(12);
    head.writeUInt16BE(query.readUInt16BE(0), 0);
    head.writeUInt16BE(0x8180 | (found === null ? NXDOMAIN : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, question, ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { server: `127.0.0.1:${socket.address().port}`, queries };
}

/** A record whose name points to the question. */
function recordOf(address: string, type: number): Buffer {
  const data = Buffer.from(address.split('.').map(Number));
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(type, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}
