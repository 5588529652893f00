// Reads TypeScript as a syntax tree.

import { type Node, parseSync } from 'oxc-parser';

export type { Node } from 'oxc-parser';

/** @throws for source that is not TypeScript. */
export function parse(file: string, source: string): Node {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join('; ')}`);
  return program;
}

/** Visits a node and everything inside it, outside first, in the order of the source. */
export function visit(node: unknown, visitor: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && typeof node.type === 'string') visitor(node as Node);
  for (const child of Object.values(node)) visit(child, visitor);
}
