#!/bin/sh
# soffice.sh PROGRAM WORKBOOK FOLDER: has LibreOffice write every sheet as CSV and prints the cells: {"sheet": [[text, ...], ...]}.
set -eu
# Separator 44, quotation mark 34, UTF-8 (76), from line 1; as shown (false: values), no formulas, every sheet (-1).
"$1" -env:UserInstallation="file://$3/profile" --headless --convert-to 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1' \
  --outdir "$3" "$2" >/dev/null
/usr/bin/python3 - "$3" <<'PYTHON'
import csv, glob, json, os, re, sys
csv.field_size_limit(1 << 30)
# Times and truths as the other readers' scripts print them.
def text(c):
    c = {"TRUE": "true", "FALSE": "false"}.get(c, c)
    return re.sub(r"^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$", r"\1T\2", c)

sheets = {}
for name in glob.glob(os.path.join(sys.argv[1], "*.csv")):
    sheet = re.sub(r"^book-|\.csv$", "", os.path.basename(name))
    with open(name, newline="", encoding="utf-8") as f:
        sheets[sheet] = [[text(c) for c in row] for row in csv.reader(f)]
json.dump(sheets, sys.stdout)
PYTHON
