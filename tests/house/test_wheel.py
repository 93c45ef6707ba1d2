"""A wheel built from the tree, installed elsewhere, does the whole work: everything it needs is inside."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, ROOT, repository_files

pytestmark = pytest.mark.slow

_MAIL = b"""From: Alice <alice@example.com>
To: Bob <bob@example.com>
Subject: Wheel of fortune
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <wheel@example.com>

The amber room was never found.
"""
_START_SECONDS = 60


@dataclass(frozen=True)
class Installed:
    """An installation in a folder of its own, with an archive beside it."""

    folder: Path

    @property
    def program(self) -> str:
        return str(self.folder / "venv" / "bin" / "amberpost")

    @property
    def data(self) -> str:
        return str(self.folder / "archive")

    def run(self, *words: str) -> dict[str, object]:
        """One command with --json, from another folder and without our source path."""
        done = subprocess.run(
            ["env", "-i", "PATH=/usr/bin:/bin", self.program, *words, "--data", self.data, "--json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the tree stays as it is."""
    copy = tmp_path_factory.mktemp("source")
    for path in repository_files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist", copy],
        check=True,
        capture_output=True,
    )
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "venv", with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", folder / "venv" / "bin" / "python", "install"]
    pip += ["--quiet", "--no-compile"]
    subprocess.run(
        [*pip, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt"], cwd=folder, check=True
    )
    subprocess.run([*pip, wheel], cwd=folder, check=True)
    return Installed(folder)


@pytest.fixture(scope="module")
def archive(installed: Installed) -> Installed:
    installed.run("init")
    installed.run("user", "add", "--login", "bob", "--address", "bob@example.com")
    (installed.folder / "mail").mkdir()
    (installed.folder / "mail" / "one.eml").write_bytes(_MAIL)
    counts = installed.run("import", str(installed.folder / "mail"))
    assert (counts["seen"], counts["stored"]) == (1, 1)
    return installed


@pytest.fixture(scope="module")
def pages(archive: Installed) -> Iterator[str]:
    """The address of a running server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    log = archive.folder / "serve.log"
    words = [archive.program, "serve", "--data", archive.data, "--listen", listen]
    with log.open("wb") as errors:
        server = subprocess.Popen(
            ["env", "-i", "PATH=/usr/bin:/bin", *words], cwd=archive.folder, stderr=errors
        )
    try:
        wait_for(f"http://{listen}/", server, log)
        yield f"http://{listen}"
        server.terminate()
        assert server.wait(timeout=30) == 0, "SIGTERM must end it cleanly"
    finally:
        server.kill()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            get(url)
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not answer: {log.read_text()}")


def get(url: str, **headers: str) -> str:
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_everything_that_is_not_python_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for path in repository_files():
        if path.is_relative_to(PACKAGE):
            assert path.relative_to(PACKAGE.parent).as_posix() in inside
    for language in ("de", "fr"):
        assert f"amberpost/locale/{language}/LC_MESSAGES/django.mo" in inside
    assert "amberpost/py.typed" in inside
    assert not [name for name in inside if "__pycache__" in name or name.startswith("tests/")]


def test_the_installed_archive_imports_and_finds(archive: Installed) -> None:
    found = archive.run("search", "amber", "--as", "bob")
    assert found["count"] == 1
    assert archive.run("search", "nothing-of-the-kind", "--as", "bob")["count"] == 0
    assert archive.run("verify", "--deep")["findings"] == []


def test_the_installed_archive_serves_pages_with_their_style_in_two_languages(pages: str) -> None:
    page = get(f"{pages}/", Accept_Language="de")
    assert 'lang="de"' in page
    assert 'lang="en"' in get(f"{pages}/", Accept_Language="en")
    styles = re.findall(r'href="([^"]+\.css)"', page)
    assert styles
    for style in styles:
        assert get(f"{pages}{style}")
