"""Spreadsheets in and out: CSV as Excel writes and reads it, or a workbook to read; bounded, and reported on row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.errors import InvalidField
from prizes import workbooks

BYTES_MAX: Final = 2 * 1024 * 1024
ROWS_MAX: Final = 10_000
CELL_CHARS_MAX: Final = 2_000
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row was refused. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    key: str
    field: str
    reason: str


@dataclass(slots=True)
class Report:
    """What became of every row of an import; `new`, `updated` and `unchanged` hold the rows' keys."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[RowFault] = field(default_factory=list)


def decode(raw: bytes, *, bytes_max: int = BYTES_MAX) -> str:
    """UTF-8 text, with or without a byte-order mark."""
    if len(raw) > bytes_max:
        raise InvalidField(("file", f"larger than {bytes_max} bytes"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise InvalidField(("file", f"not UTF-8 text (byte {fault.start}); save it as CSV UTF-8")) from None


def read_rows(
    raw: bytes,
    *,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    rows_max: int = ROWS_MAX,
    bytes_max: int = BYTES_MAX,
) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number, cells by column) of every row that is not empty; a file that is no such sheet is refused whole.

    A row with too many or too few cells comes back with the key "" holding what is wrong with it.
    """
    is_workbook = raw.startswith(workbooks.STARTS)
    lines = workbooks.lines_of(raw, bytes_max=bytes_max) if is_workbook else _lines_of_csv(raw, bytes_max)
    header = [cell.strip() for cell in next(lines, [])]
    _check_header(header, columns, optional)
    for index, cells in enumerate(lines, start=2):
        if index - 1 > rows_max:
            raise InvalidField(("file", f"more than {rows_max} rows"))
        if not any(cell.strip() for cell in cells):
            continue
        yield index, _row(header, cells)


def write_rows(*, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """CSV for a spreadsheet, with a byte-order mark; a cell that would run as a formula is written as text."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows({name: defuse(cell) for name, cell in row.items()} for row in rows)
    return out.getvalue().encode("utf-8-sig")


def defuse(cell: str) -> str:
    """The cell with an apostrophe in front when a spreadsheet would take it for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in _FORMULA_STARTS and cell else cell


def _lines_of_csv(raw: bytes, bytes_max: int) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(decode(raw, bytes_max=bytes_max), newline=""), strict=True)
    except csv.Error as fault:
        raise InvalidField(("file", f"not readable as CSV: {fault}")) from None


def _check_header(header: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header]
    strange = [name for name in header if name not in columns and name not in optional]
    if missing:
        raise InvalidField(("file", f"the header lacks {', '.join(missing)}"))
    if strange or len(set(header)) < len(header):
        raise InvalidField(("file", f"the header must hold {', '.join((*columns, *optional))}, each once and no other"))


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    if len(cells) != len(header):
        return {**dict.fromkeys(header, ""), **row, "": f"{len(cells)} cells where the header has {len(header)}"}
    if any(len(cell) > CELL_CHARS_MAX for cell in cells):
        return {**row, "": f"a cell is longer than {CELL_CHARS_MAX} characters"}
    if any("\0" in cell for cell in cells):
        return {**row, "": "a cell holds a NUL character"}
    return row
