// Edits of the statement below a `// promise: <tag>` comment. They follow the syntax tree, so that renames and new formatting do not break them.

import { type Node, parse, visit } from '../support/typescript-source.ts';

/** The syntax node directly below a tag, in the source of its file. */
export interface Tagged {
  readonly source: string;
  readonly node: Node;
  /** Returns the text below another tag of the same file. */
  textBelow(tag: string): string;
}

/** Returns the replacement of the tagged node. @throws when the node does not have the part to edit. */
export type Edit = (tagged: Tagged) => string;

const TAG = /^[ \t]*\/\/ promise: (\S+)$/gm;

/** Returns the tags of a file in their order. */
export const tagsIn = (source: string): string[] => [...source.matchAll(TAG)].map(([, tag = '']) => tag);

/** Returns the outermost node that starts below the tag. @throws when there is none, or the tag does not occur exactly once. */
export function findTagged(file: string, source: string, tag: string): Tagged {
  const places = [...source.matchAll(TAG)].filter(([, name]) => name === tag);
  const [place] = places;
  if (place === undefined || places.length > 1) throw new Error(`${file} has the tag "${tag}" ${places.length} times`);
  const below = source.slice(place.index).replace(/^(\s*\/\/.*\n)+\s*/, '');
  const start = source.length - below.length;
  let found: Node | undefined;
  visit(parse(file, source), (node) => {
    if (node.start === start && node.type !== 'Program') found ??= node;
  });
  if (found === undefined) throw new Error(`${file}: nothing that can be edited starts below the tag "${tag}"`);
  return { source, node: found, textBelow: (other) => textOf(findTagged(file, source, other)) };
}

const textOf = ({ source, node }: Pick<Tagged, 'source' | 'node'>): string => source.slice(node.start, node.end);

/** Returns the source of the whole file after the edit. */
export function mutate(file: string, source: string, tag: string, edit: Edit): string {
  const tagged = findTagged(file, source, tag);
  const replacement = edit(tagged);
  const rest = source.slice(tagged.node.end);
  // A member of a list is removed together with its comma.
  return source.slice(0, tagged.node.start) + replacement + (replacement === '' ? rest.replace(/^\s*,/, '') : rest);
}

type Kind = Node['type'];
type Of<K extends Kind> = Extract<Node, { type: K }>;

function all<K extends Kind>(tagged: Tagged, ...kinds: readonly K[]): Of<K>[] {
  const found: Of<K>[] = [];
  visit(tagged.node, (node) => {
    if ((kinds as readonly Kind[]).includes(node.type)) found.push(node as Of<K>);
  });
  return found;
}

function at<K extends Kind>(tagged: Tagged, index: number, ...kinds: readonly K[]): Of<K> {
  const found = all(tagged, ...kinds).at(index);
  if (found === undefined) throw new Error(`no ${kinds.join(' or ')} in: ${textOf(tagged)}`);
  return found;
}

/** Returns the text of the tagged node with one part of it replaced. */
function withPart(
  { source, node }: Tagged,
  part: { readonly start: number; readonly end: number },
  text: string,
): string {
  return source.slice(node.start, part.start) + text + source.slice(part.end, node.end);
}

const partOf = ({ source }: Tagged, part: { readonly start: number; readonly end: number }): string =>
  source.slice(part.start, part.end);

/** Deletes the node. */
export const removed: Edit = () => '';

/** Replaces the node with other code. */
export const replacedBy =
  (text: string): Edit =>
  () =>
    text;

/** Inserts code before the node. */
export const precededBy =
  (text: string): Edit =>
  (tagged) =>
    `${text}\n${textOf(tagged)}`;

/** Runs the code below another tag already before this node. */
export const precededByTagged =
  (tag: string): Edit =>
  (tagged) =>
    `${tagged.textBelow(tag)}\n${textOf(tagged)}`;

/** Replaces a text that occurs once in the node. */
export const swapped =
  (from: string, to: string): Edit =>
  (tagged) => {
    const pieces = textOf(tagged).split(from);
    if (pieces.length !== 2) throw new Error(`"${from}" occurs ${pieces.length - 1} times in: ${textOf(tagged)}`);
    return pieces.join(to);
  };

/** Makes the condition of the first `if` always or never true. */
export const condition =
  (value: boolean): Edit =>
  (tagged) =>
    withPart(tagged, at(tagged, 0, 'IfStatement').test, String(value));

/** Negates the condition of the first `if`. */
export const negated: Edit = (tagged) => {
  const { test } = at(tagged, 0, 'IfStatement');
  return withPart(tagged, test, `!(${partOf(tagged, test)})`);
};

/** Always takes this branch of the first `a ? b : c`. */
export const branch =
  (name: 'consequent' | 'alternate'): Edit =>
  (tagged) => {
    const choice = at(tagged, 0, 'ConditionalExpression');
    return withPart(tagged, choice, `(${partOf(tagged, choice[name])})`);
  };

/** Drops one operand of the first chain of equal operators: of `a && b && c`, of `a + b`. */
export const withoutOperand =
  (index: number): Edit =>
  (tagged) => {
    const chain = at(tagged, 0, 'LogicalExpression', 'BinaryExpression');
    const operands: { start: number; end: number }[] = [];
    let left: Node = chain;
    while ('operator' in left && 'left' in left && left.operator === chain.operator && left.type === chain.type) {
      operands.unshift(left.right);
      left = left.left;
    }
    operands.unshift(left);
    const dropped = operands.at(index);
    if (dropped === undefined) throw new Error(`no operand ${index} in: ${textOf(tagged)}`);
    const kept = operands.filter((operand) => operand !== dropped).map((operand) => partOf(tagged, operand));
    return withPart(tagged, chain, kept.join(` ${chain.operator} `));
  };

/** Exchanges the operands of the first binary operator. */
export const exchanged: Edit = (tagged) => {
  const { left, right, operator, ...whole } = at(tagged, 0, 'BinaryExpression');
  return withPart(tagged, whole, `${partOf(tagged, right)} ${operator} ${partOf(tagged, left)}`);
};

/** Replaces the returned or assigned expression, or the initial value of a variable or property; `text` may be derived from it. */
export const value =
  (text: string | ((original: string) => string)): Edit =>
  (tagged) => {
    const holder = at(tagged, 0, 'ReturnStatement', 'VariableDeclarator', 'AssignmentExpression', 'Property');
    const part = {
      ReturnStatement: 'argument',
      VariableDeclarator: 'init',
      AssignmentExpression: 'right',
      Property: 'value',
    }[holder.type];
    const original = (holder as unknown as Record<string, Node>)[part] as Node;
    return withPart(tagged, original, typeof text === 'string' ? text : text(partOf(tagged, original)));
  };

interface Argument {
  /** Which call, outermost first. */
  readonly call?: number;
  readonly argument: number;
}

function argumentOf(tagged: Tagged, { call = 0, argument }: Argument): Node {
  const found = at(tagged, call, 'CallExpression').arguments.at(argument);
  if (found === undefined) throw new Error(`no argument ${argument} in: ${textOf(tagged)}`);
  return found;
}

/** Replaces an argument of a call. */
export const withArgument =
  (which: Argument, text: string): Edit =>
  (tagged) =>
    withPart(tagged, argumentOf(tagged, which), text);

/** Drops an argument of a call. */
export const withoutArgument =
  (which: Argument): Edit =>
  (tagged) => {
    const dropped = argumentOf(tagged, which);
    const call = at(tagged, which.call ?? 0, 'CallExpression');
    const kept = call.arguments.filter((argument) => argument !== dropped).map((argument) => partOf(tagged, argument));
    return withPart(tagged, call, `${partOf(tagged, call.callee)}(${kept.join(', ')})`);
  };

/** Replaces the first call with its first argument. */
export const uncalled: Edit = (tagged) =>
  withPart(tagged, at(tagged, 0, 'CallExpression'), partOf(tagged, argumentOf(tagged, { argument: 0 })));

/** Replaces the first call of a method with its object, and what follows it. */
export const receiver =
  (suffix = ''): Edit =>
  (tagged) => {
    const call = all(tagged, 'CallExpression').find(({ callee }) => callee.type === 'MemberExpression');
    if (call?.callee.type !== 'MemberExpression') throw new Error(`no call of a method in: ${textOf(tagged)}`);
    return withPart(tagged, call, partOf(tagged, call.callee.object) + suffix);
  };

/** Drops the last expression of the first template. */
export const withoutLastPlaceholder: Edit = (tagged) => {
  const last = at(tagged, 0, 'TemplateLiteral').expressions.at(-1);
  if (last === undefined) throw new Error(`nothing is filled in: ${textOf(tagged)}`);
  return withPart(tagged, last, "''");
};

/** Returns the names of variables, not of properties, that occur in a source. */
export function namesIn(file: string, source: string): Set<string> {
  const names = new Set<string>();
  const properties = new Set<Node>();
  visit(parse(file, source), (node) => {
    if (node.type === 'MemberExpression' && !node.computed) properties.add(node.property);
    if (node.type === 'Property' && !node.computed) properties.add(node.key);
    if (node.type === 'Identifier' && !properties.has(node)) names.add(node.name);
  });
  return names;
}
