"""Excel workbooks in: the first sheet as rows of text, bounded before anything of it is unpacked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

from core.errors import InvalidField

STARTS: Final = b"PK\x03\x04"
UNPACKED_BYTES_MAX: Final = 64 * 1024 * 1024
PARTS_MAX: Final = 1_000
Cell = int | float | str | bool | time | date | datetime | timedelta


def lines_of(raw: bytes, *, bytes_max: int) -> Iterator[list[str]]:
    """The rows of the first sheet, each as long as its first, unless more of it is filled; InvalidField("file") for what is no such workbook."""
    if len(raw) > bytes_max:
        raise InvalidField(("file", f"larger than {bytes_max} bytes"))
    _check_size(raw)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            sheet = book.get_sheet_by_index(0)
            rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as fault:
        raise InvalidField(("file", f"not readable as a workbook: {fault}")) from None
    width = None
    for row in rows:
        cells = [_text(cell) for cell in row]
        filled = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
        width = filled if width is None else width
        yield [*cells[: max(filled, width)], *([""] * (width - len(cells)))]


def _check_size(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError) as fault:
        raise InvalidField(("file", f"not readable as a workbook: {fault}")) from None
    if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
        raise InvalidField(("file", f"unpacks to more than {UNPACKED_BYTES_MAX} bytes"))


def _text(cell: Cell) -> str:
    """As it stands in the sheet: a whole number without its decimal point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
