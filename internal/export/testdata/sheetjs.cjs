// Reads a workbook with SheetJS and prints its cells: {"sheet": [[text, ...], ...]}.
const XLSX = require('xlsx');

const text = (v) => {
  if (v === null || v === undefined) return '';
  // A time comes back some milliseconds off, and by the clock of this machine's zone, which is UTC here.
  if (v instanceof Date) return new Date(Math.round(v.getTime() / 1000) * 1000).toISOString().slice(0, 19);
  return String(v);
};

const book = XLSX.readFile(process.argv[2], { cellDates: true });
const sheets = {};
for (const name of book.SheetNames) {
  sheets[name] = XLSX.utils.sheet_to_json(book.Sheets[name], { header: 1, raw: true, blankrows: true }).map((row) => Array.from(row, text));
}
process.stdout.write(JSON.stringify(sheets));
