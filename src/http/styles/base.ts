// The look that all pages share: colours, type, tables, what has the focus.

import { readFileSync } from 'node:fs';

export const BASE_STYLE = readFileSync(new URL('./base.css', import.meta.url), 'utf8');
