// Hides the optional dependencies of package.json while npm packs: they bring Node 24 to the scripts of this checkout, and an
// installed package must not change the Node of the scripts around it.
//
// usage: node .ci/packed-manifest.mjs hide|show

import { readFileSync, writeFileSync } from 'node:fs';

const MANIFEST = new URL('../package.json', import.meta.url);
const SHOWN = '"optionalDependencies":';
// npm ignores members that it does not know.
const HIDDEN = '"optionalDependenciesOfCheckout":';

const [from, to] = process.argv[2] === 'hide' ? [SHOWN, HIDDEN] : [HIDDEN, SHOWN];
writeFileSync(MANIFEST, readFileSync(MANIFEST, 'utf8').replace(from, to));
