"""Templates can be read and compared line by line."""

from tests.house.tree import PACKAGE

LONGEST = 200  # as wide as a screen; more than for code, as a tag of Django's cannot go over two lines


def test_no_line_of_a_template_is_too_long() -> None:
    long = [
        f"{path.relative_to(PACKAGE)}:{number} has {len(line)} characters"
        for path in sorted(PACKAGE.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > LONGEST
    ]
    assert long == []
