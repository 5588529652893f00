// The style that all pages share: colours, type, tables, fields, buttons, focus.

import { readFileSync } from 'node:fs';

export const BASE_STYLE = readFileSync(new URL('./base.css', import.meta.url), 'utf8');
