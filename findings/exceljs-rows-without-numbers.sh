#!/usr/bin/env bash
# exceljs 4.4.0 (npm) cannot read a workbook whose rows and cells have no number. ECMA-376 (18.3.1.73 row, 18.3.1.4 c) makes the attribute r optional: who
# leaves it out means the next row and the next column. SheetJS 0.18.5 reads the very same file.
#
# Seen with exceljs 4.4.0, xlsx 0.18.5, jszip 3.10.1, node 20:
#   with numbers:    exceljs [["kode","jumlah"],["3572",7]]  sheetjs [["kode","jumlah"],["3572",7]]
#   without numbers: exceljs raises an error                 sheetjs [["kode","jumlah"],["3572",7]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund exceljs@4.4.0 xlsx@0.18.5 jszip@3.10.1
cat > try.cjs <<'JS'
const Zip = require('jszip'), Excel = require('exceljs'), Sheet = require('xlsx');
const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006/';

// workbook makes a workbook of one sheet with two rows of two cells.
function workbook(numbered) {
  const cell = (name, kind, body) => `<c${numbered ? ` r="${name}"` : ''}${kind}>${body}</c>`;
  const text = (name, t) => cell(name, ' t="inlineStr"', `<is><t>${t}</t></is>`);
  const row = (n, cells) => `<row${numbered ? ` r="${n}"` : ''}>${cells}</row>`;
  const zip = new Zip();
  zip.file('[Content_Types].xml', `${xml}<Types xmlns="${packaged}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`);
  zip.file('_rels/.rels', `${xml}<Relationships xmlns="${packaged}relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`);
  zip.file('xl/workbook.xml', `${xml}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="boxes" sheetId="1" r:id="rId1"/></sheets></workbook>`);
  zip.file('xl/_rels/workbook.xml.rels', `${xml}<Relationships xmlns="${packaged}relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`);
  zip.file('xl/worksheets/sheet1.xml', `${xml}<worksheet xmlns="${main}"><sheetData>${row(1, text('A1', 'kode') + text('B1', 'jumlah'))}${row(2, text('A2', '3572') + cell('B2', '', '<v>7</v>'))}</sheetData></worksheet>`);
  return zip.generateAsync({ type: 'nodebuffer' });
}

async function byExceljs(file) {
  const book = new Excel.Workbook();
  try {
    await book.xlsx.load(file);
  } catch (e) {
    return 'raises an error';
  }
  const rows = [];
  book.worksheets[0].eachRow((row) => rows.push(row.values.slice(1)));
  return JSON.stringify(rows);
}

function bySheetJS(file) {
  const book = Sheet.read(file);
  return JSON.stringify(Sheet.utils.sheet_to_json(book.Sheets[book.SheetNames[0]], { header: 1 }));
}

(async () => {
  for (const numbered of [true, false]) {
    const file = await workbook(numbered);
    console.log(`${numbered ? 'with' : 'without'} numbers: exceljs ${await byExceljs(file)} sheetjs ${bySheetJS(file)}`);
  }
})();
JS
seen=$(node try.cjs)
echo "$seen"
table='[["kode","jumlah"],["3572",7]]'
want="with numbers: exceljs $table sheetjs $table
without numbers: exceljs raises an error sheetjs $table"
[ "$seen" = "$want" ] || { echo "that has changed" >&2; exit 1; }
