// Reads a workbook with exceljs and prints its cells: {"sheet": [[text, ...], ...]}.
const ExcelJS = require('exceljs');

const text = (v) => {
  if (v === null || v === undefined) return '';
  if (v instanceof Date) return v.toISOString().slice(0, 19);
  if (typeof v === 'object') throw new Error('a cell is ' + JSON.stringify(v));
  return String(v);
};

(async () => {
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(process.argv[2]);
  const sheets = {};
  for (const sheet of book.worksheets) {
    const rows = [];
    sheet.eachRow({ includeEmpty: true }, (row) => rows.push(row.values.slice(1)));
    sheets[sheet.name] = rows.map((row) => Array.from(row, text));
  }
  process.stdout.write(JSON.stringify(sheets));
})();
