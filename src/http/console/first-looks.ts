// Looks at some pages after the start, so that the first look of an operator does not wait until their code is compiled.

import { Context } from 'hono';
import type { Identity } from '../middleware/identity.ts';
import type { ConsolePages } from './pages.ts';

const VISITOR: Identity = { kind: 'operator', name: 'receiver', role: 'reader' };

/** Returns a function that makes the pages which are opened first and discards them. A look changes nothing, and is in no log. */
export function createFirstLooks({ overview, executions }: Pick<ConsolePages, 'overview' | 'executions'>) {
  return async (): Promise<void> => {
    for (const [path, page] of [
      ['/', overview],
      ['/console/executions', executions],
    ] as const) {
      const request = new Request(new URL(path, 'http://receiver'));
      await (await page(new Context(request, { env: { peer: null } }), VISITOR)).arrayBuffer();
    }
  };
}
