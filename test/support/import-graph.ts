// The imports of a source tree: static, dynamic and type-only.

import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parse, visit } from './typescript-source.ts';

export interface Import {
  readonly from: string;
  /** A file of the tree, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
}

/** Returns the imports of each file; paths are relative to the root of the tree. @throws for a path that is computed. */
export function importsOf(file: string, source: string): Import[] {
  const specifiers: string[] = [];
  visit(parse(file, source), (node) => {
    if (node.type === 'ImportExpression' && node.source.type !== 'Literal') throw new Error(`${file}: computed import`);
    if (
      node.type === 'ImportDeclaration' ||
      node.type === 'ExportNamedDeclaration' ||
      node.type === 'ExportAllDeclaration' ||
      node.type === 'ImportExpression' ||
      node.type === 'TSImportType'
    ) {
      if (node.source?.type === 'Literal') specifiers.push(String(node.source.value));
    }
  });
  const folder = posix.dirname(file);
  return specifiers.map((name) => {
    const isPackage = !name.startsWith('.');
    return { from: file, to: isPackage ? name : posix.join(folder, name), isPackage };
  });
}

export function importGraph(root: string): Import[] {
  const files = globSync('**/*.{ts,js}', { cwd: root }).sort();
  return files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
}

/** Returns the groups of files that import one another in a circle. */
export function circles(imports: readonly Import[]): string[][] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const open = [start];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      for (const { to } of next.get(file) ?? []) {
        if (!seen.has(to)) open.push(to);
        seen.add(to);
      }
    }
    return seen;
  };
  const reached = new Map([...next.keys()].map((file) => [file, reach(file)]));
  const inCircle = [...reached].filter(([file, files]) => files.has(file));
  const groups = inCircle.map(([file, files]) => [...files].filter((other) => reached.get(other)?.has(file)).sort());
  return [...new Map(groups.map((group) => [group.join(), group])).values()];
}
