// The context of a command in a process of its own: its streams, its signals, its terminal.

import { systemWorld } from '../lib/world.ts';
import { BrokenPipe, type CommandContext, type Variables } from './context.ts';

/** @param variables those of the process alone; `env` completes them by .env. */
export function contextOfProcess(env: () => Variables, variables: Variables): CommandContext {
  const { stdin, stdout, stderr } = process;
  const isClosed = (error: NodeJS.ErrnoException) => error.code === 'EPIPE';
  // `… | head` reads as much as it wants: that is no fault, and `pour` hears of it. Nor is anything left to be said on stderr.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error) => {
      if (!isClosed(error)) throw error;
    });
  }
  return {
    env,
    write: (text) => stdout.write(text),
    writeStream: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => {
          if (!error) resolve();
          else reject(isClosed(error) ? new BrokenPipe() : error);
        });
      }),
    writeError: (text) => stderr.write(text),
    input: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    interrupted: onceInterrupted(),
    world: systemWorld,
    terminal: {
      out: stdout.isTTY === true,
      err: stderr.isTTY === true,
      colour: stdout.isTTY === true && !variables['NO_COLOR'] && variables['TERM'] !== 'dumb',
      columns: stdout.columns ?? stderr.columns ?? 80,
    },
  };
}

function onceInterrupted(): () => AbortSignal {
  let stop: AbortController | null = null;
  return () => {
    if (stop === null) {
      const controller = new AbortController();
      stop = controller;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
    }
    return stop.signal;
  };
}
