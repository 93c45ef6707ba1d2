"""No file of the repository knows from where packages came or on which machine it was written."""

import re

import pytest

from tests.house.tree import ROOT, repository_files

# Written in pieces, so that this file does not contain what it forbids.
_PACKAGE_HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "py" + "pi.python.org",
    "files." + "python",
    "npm" + "js.org",
    "npm" + "js.com",
    "crates" + r"\.io",
    "deb" + r"\.debian\.org",
    "proxy." + "golang.org",
    "jsdelivr" + r"\.net",
    "unpkg" + r"\.com",
    "cdnjs" + r"\.",
]
_OPTIONS = [
    "--" + "(extra-)?index-url",
    "--" + "trusted-host",
    "--" + "find-links",
    "index_" + "url",
    "PIP_" + "[A-Z]+",
]
_MACHINE_PATHS = ["/" + "work/", "/" + "root/", "/" + r"home/[a-z]", r"/" + r"opt/py", r"\." + "pyenv"]
# What the words must not be part of: the options that keep hosts out of the lock files are allowed.
_FORBIDDEN = re.compile(
    "|".join(
        [
            *_PACKAGE_HOSTS,
            *(rf"(?<!no-emit-)(?<!-no-emit-){text}" for text in _OPTIONS),
            *(rf"(?<![\w.]){text}" for text in _MACHINE_PATHS),
        ]
    )
)


def findings(text: str) -> list[str]:
    return [match[0] for match in _FORBIDDEN.finditer(text)]


def test_no_file_names_a_package_host_or_a_path_of_a_machine() -> None:
    found = {}
    for path in repository_files():
        hits = findings(path.read_bytes().decode("utf-8", "replace"))
        if hits:
            found[str(path.relative_to(ROOT))] = sorted(set(hits))
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "files." + "python" + "hosted.org/x",
        "--" + "index-url https://mirror.example/simple",
        "see /" + "work/main/x.py",
        "open('/" + "root/x')",
        "PIP_" + "INDEX_URL=x",
    ],
)
def test_what_must_not_be_there_would_be_found(text: str) -> None:
    assert findings(text)


def test_harmless_words_are_left_alone() -> None:
    assert findings("/frame" + "work/ and chroot/x, pip-compile --no-emit-" + "index-url") == []


def test_requirements_are_pinned_with_hashes() -> None:
    for name in ("runtime.txt", "build.txt", "test.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[A-Za-z0-9].*", text, re.MULTILINE)
        assert pins
        for pin in pins:
            assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ;.*)? \\", pin), pin
        blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
        assert all("--hash=sha256:" in block for block in blocks if "==" in block)
