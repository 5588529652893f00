// The context of a command that runs as this process: its streams, signals and terminal.

import { constants } from 'node:os';
import { readEnvFile, withEnvFile } from '../config/env-file.ts';
import { unreadVariables } from '../config/unread-variables.ts';
import { systemWorld } from '../lib/world.ts';
import { BrokenPipe, type CommandContext, CommandError, type Variables } from './context.ts';

/** @param variables the environment of the process, which `env` completes by .env. */
export function contextOfProcess(variables: Variables): CommandContext {
  const { stdin, stdout, stderr } = process;
  const output = watchOutput(stdout, stderr);
  return {
    env: () => withEnvFile(variables),
    variableWarnings: () => unreadVariables(variables, readEnvFile()),
    write: (text) => stdout.write(text),
    writeStream: output.writeStream,
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

type Output = NodeJS.WriteStream;

/** The error of a write, in words. */
const unwritten = (error: Error) => `The output cannot be written: ${error.message}`;

/**
 * Lets a command whose output cannot be written, for example on a full disk, end with exit code 2 and one line. The log of a receiver
 * counts what it loses, and no command ends because its messages cannot be written.
 */
function watchOutput(stdout: Output, stderr: Output): Pick<CommandContext, 'writeStream'> {
  let isReported = false;
  // `… | head` closes the pipe early. That is not a fault; `writeStream` reports it to the command.
  stdout.on('error', (error) => {
    // promise: full-disk-of-the-log-ends-no-receiver
    if (isBrokenPipe(error, stdout) || stdout.listenerCount('error') > 1) return;
    process.once('exit', () => {
      // promise: unwritten-output-is-a-failure
      process.exitCode = 2;
    });
    if (!isReported) stderr.write(`${unwritten(error)}\n`);
    isReported = true;
  });
  stderr.on('error', () => {});
  return {
    writeStream: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => {
          if (!error) return resolve();
          if (isBrokenPipe(error, stdout)) return reject(new BrokenPipe());
          isReported = true;
          reject(new CommandError(unwritten(error)));
        });
      }),
  };
}

/** Whether the other end of a pipe, a socket (journald) or a terminal is gone. A file has an EIO when its disk fails. */
function isBrokenPipe({ code = '' }: NodeJS.ErrnoException, { isTTY }: Output): boolean {
  return ['EPIPE', 'ECONNRESET'].includes(code) || (code === 'EIO' && isTTY);
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
