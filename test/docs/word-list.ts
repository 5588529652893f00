// Words that comments, messages and pages do not use, and what to write instead.

export interface BannedWord {
  readonly pattern: RegExp;
  readonly instead: string;
  /** A line that the pattern must match. */
  readonly example: string;
}

export const BANNED_WORDS: readonly BannedWord[] = [
  { pattern: /\btold\b/i, instead: 'notified, reported or configured', example: 'The app is told.' },
  { pattern: /\btells\b/i, instead: 'reports, shows or states', example: 'It tells why.' },
  { pattern: /\bneed not\b/i, instead: 'does not, or is not', example: 'It need not exist.' },
  { pattern: /\bheard\b/i, instead: 'received', example: 'A callback was heard.' },
  {
    pattern: /(?<!-)\b(?:forgets?|forgot|forgotten)\b/i,
    instead: 'delete or prune',
    example: 'It forgets the payload.',
  },
  { pattern: /\blooks? through\b|\blooked through\b/i, instead: 'scan', example: 'The rows are looked through.' },
  { pattern: /\banew\b/i, instead: 'again, or new', example: 'It is tried anew.' },
  { pattern: /\bwhoever\b/i, instead: 'the caller, the client or the operator', example: 'Whoever calls.' },
  {
    pattern: /(?<!['"])\bnobody\b/i,
    instead: 'no one by role, for example "no app", or the passive',
    example: 'Nobody reads it.',
  },
  { pattern: /\bof ours\b/i, instead: "the receiver's", example: 'An id of ours.' },
  {
    pattern: /(?<!\bthere )\b(?:is|are|was|were) no\b(?! longer\b)/i,
    instead: '"is not a …"',
    example: 'It is no URL.',
  },
  { pattern: /\bparted by\b/i, instead: 'separated by', example: 'Keys parted by commas.' },
  { pattern: /\bsurely\b/i, instead: 'certainly, or name the proof', example: 'It surely never left.' },
  { pattern: /\bstands? beside\b/i, instead: 'accompanies, or is next to', example: 'It stands beside the name.' },
  { pattern: /\bgoes on\b/i, instead: 'continues', example: 'The loop goes on.' },
  { pattern: /\bso many\b/i, instead: 'name the number and its unit', example: 'So many bytes.' },
  { pattern: /\bsuch as\b/i, instead: 'for example', example: 'A header such as Via.' },
];
