"""Reads a workbook with openpyxl and prints its cells: {"sheet": [[text, ...], ...]}."""
import datetime
import json
import sys

import openpyxl


def text(v):
    if v is None:
        return ""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, datetime.datetime):
        return v.isoformat(timespec="seconds")
    return str(v)


book = openpyxl.load_workbook(sys.argv[1])
json.dump({s.title: [[text(c) for c in row] for row in s.iter_rows(values_only=True)] for s in book}, sys.stdout)
