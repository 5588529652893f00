// The context of a command that runs as this process: its streams, signals and terminal.

import { constants } from 'node:os';
import { readEnvFile, withEnvFile } from '../config/env-file.ts';
import { unreadVariables } from '../config/unread-variables.ts';
import { systemWorld } from '../lib/world.ts';
import { BrokenPipe, type CommandContext, type Variables } from './context.ts';

/** @param variables the environment of the process, which `env` completes by .env. */
export function contextOfProcess(variables: Variables): CommandContext {
  const { stdin, stdout, stderr } = process;
  // A pipe, a socket (journald) or a terminal whose other end is gone.
  const isBrokenPipe = ({ code = '' }: NodeJS.ErrnoException) => ['EPIPE', 'ECONNRESET', 'EIO'].includes(code);
  // `… | head` closes the pipe early. That is not a fault; `writeStream` reports it to the command.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error) => {
      if (!isBrokenPipe(error)) throw error;
    });
  }
  return {
    env: () => withEnvFile(variables),
    variableWarnings: () => unreadVariables(variables, readEnvFile()),
    write: (text) => stdout.write(text),
    writeStream: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => {
          if (!error) resolve();
          else reject(isBrokenPipe(error) ? new BrokenPipe() : error);
        });
      }),
    writeError: (text) => stderr.write(text),
    input: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    interrupted: createInterruptSignal(),
    world: systemWorld,
    terminal: {
      out: stdout.isTTY === true,
      err: stderr.isTTY === true,
      // Node honours NO_COLOR, FORCE_COLOR and TERM=dumb here.
      colour: stdout.isTTY === true && stdout.hasColors(),
      columns: stdout.columns ?? stderr.columns ?? 80,
    },
    exitCode: 0,
  };
}

/**
 * Ends PID 1 of a container on SIGINT and SIGTERM while the command has no handler of its own: the kernel discards signals that
 * PID 1 does not handle, and a container that is stopped while it loads would be killed after the stop timeout.
 */
export function endAsPid1(): void {
  if (process.pid !== 1) return;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

function createInterruptSignal(): () => AbortSignal {
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
