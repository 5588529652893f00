// The script of the pages: times in the reader's zone, and what changes while a page is open. Every page works without it.

import './scripts/times.js';
import './scripts/keys.js';
import './scripts/refresh.js';
