"""A list as a spreadsheet program saves it: encoding, delimiter and lines are found out from its bytes.

Promises each row with the place where it stands, and to say how the file was read. What the columns mean is
another's business.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from amberpost.errors import UserError
from amberpost.remark import Remark

_DELIMITERS = {
    ";": gettext_lazy("semicolon"),
    ",": gettext_lazy("comma"),
    "\t": gettext_lazy("tab"),
    "|": gettext_lazy("vertical bar"),
}
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n")  # Excel's own word for the delimiter, in the first line
# Letters with diacritics of code page 850 ("CSV (MS-DOS)") are quotes and signs in Windows-1252, where they do not
# stand beside a letter; \x81 (u with diaeresis) is nothing there.
_DOS = re.compile(rb"\x81|[A-Za-z][\x84\x94\x99]|[\x84\x94\x99][A-Za-z]")
_LARGEST_CELL = 10_000  # characters; a quote that is never closed makes a cell of the rest of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row that is not empty, without the empty cells at its end."""

    line: int  # where it begins in the file, from 1
    number: int  # as the program counts rows, which may have several lines
    cells: tuple[str, ...]
    width: int  # cells it has in the file

    def cell(self, column: int) -> str:
        """What stands in a column, from 0; empty behind the last."""
        return self.cells[column] if column < len(self.cells) else ""

    def place(self, column: int | None = None, name: str = "") -> Remark:
        """Line and column."""
        said = Remark("line_number", {"number": self.line})
        if self.number != self.line:
            said = Remark("line_row", {"line": said, "row": self.number})
        if column is None:
            return said
        where = Remark("line_column", {"line": said, "column": column + 1})
        return Remark("place_doing", {"place": where, "doing": name}) if name else where


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The whole list, and how it was read."""

    rows: tuple[ListRow, ...]
    encoding: str
    delimiter: str

    @property
    def form(self) -> str:
        """How it was read, for a person: semicolon, Windows-1252."""
        return f"{_DELIMITERS.get(self.delimiter, self.delimiter)}, {self.encoding}"


def read_table(raw: bytes, *, is_whole: Callable[[ListRow], bool]) -> Table:
    """The rows of a file. `is_whole` knows a row that was cut rightly: the delimiter with most of them is it."""
    text, encoding = _decoded(raw)
    if "\0" in text:
        raise UserError("csv_no_text")
    separator = _SEPARATOR_LINE.match(text)
    first_line = 2 if separator else 1
    cut = {
        delimiter: tuple(_rows(text[separator.end() if separator else 0 :], delimiter, first_line))
        for delimiter in (separator[1] if separator else _DELIMITERS)
    }
    delimiter = max(cut, key=lambda one: (sum(map(is_whole, cut[one])), sum(len(r.cells) for r in cut[one])))
    for row in cut[delimiter]:
        if any(len(cell) > _LARGEST_CELL for cell in row.cells):
            raise UserError("csv_cell_without_end", subject=row.place())
    return Table(rows=cut[delimiter], encoding=encoding, delimiter=delimiter)


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if raw.startswith(mark):
            return _strictly(raw[len(mark) :], codec), codec[:6].rstrip("-").upper()
    for codec, zeros in (("utf-16-le", raw[1:200:2]), ("utf-16-be", raw[:200:2])):  # its mark was lost
        if len(zeros) > 3 and zeros.count(0) > len(zeros) // 2:
            return _strictly(raw, codec), "UTF-16"
    try:
        return raw.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        if b"\r" in raw and b"\n" not in raw:
            return _strictly(raw, "mac_roman"), "Mac Roman"
        if _DOS.search(raw):
            return _strictly(raw, "cp850"), "MS-DOS (850)"
        return _strictly(raw, "cp1252"), "Windows-1252"


def _strictly(raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        line = raw[: error.start].decode(codec, "replace").count("\n") + 1
        where = Remark("line_number", {"number": line})
        raise UserError("csv_letters_unreadable", subject=where) from None


def _rows(text: str, delimiter: str, first_line: int) -> Iterator[ListRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins, number = first_line, 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = [text]  # a cell beyond the library's limit, which is higher than ours
        if cells is None:
            return
        filled = _without_empty_end(cells)
        if filled:
            yield ListRow(line=begins, number=number, cells=filled, width=len(cells))
        begins = first_line + reader.line_num


def _without_empty_end(cells: list[str]) -> tuple[str, ...]:
    stripped = [cell.strip() for cell in cells]
    while stripped and not stripped[-1]:
        stripped.pop()
    return tuple(stripped)
