// Excerpts of large documents, with hidden values replaced. Pure, so that a thread can make them.

import { createMasking } from './masking.ts';

export interface ExcerptOrder {
  /** Trusted JSON. */
  readonly documents: readonly string[];
  /** Names of members whose values are replaced. */
  readonly hidden: readonly string[];
  readonly maxChars: number;
}

export interface Excerpt {
  /** The beginning of the document. */
  readonly text: string;
  /** Characters of the whole document. */
  readonly chars: number;
  readonly hasHidden: boolean;
}

export function makeExcerpts({ documents, hidden, maxChars }: ExcerptOrder): Excerpt[] {
  const masking = createMasking(hidden);
  return documents.map((document) => {
    const shown = masking.jsonText(document);
    return { text: shown.slice(0, maxChars), chars: shown.length, hasHidden: shown !== document };
  });
}
