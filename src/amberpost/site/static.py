"""Style sheets and scripts, served by the archive itself straight out of the installed package.

Each file has a second address with its hash in the name, which browsers may keep for ever. Nothing has to be
collected or built after an installation.
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path, PurePosixPath

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware


def hashed_name(name: str, path: Path) -> str:
    """`a/b.css` as `a/b.<hash>.css`."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    plain = PurePosixPath(name)
    return str(plain.with_name(f"{plain.stem}.{digest}{plain.suffix}"))


@lru_cache(maxsize=1024)
def _find_hashed(name: str) -> str:
    found = finders.find(name)
    return hashed_name(name, Path(found)) if isinstance(found, str) else name


class HashedNames(StaticFilesStorage):
    """What {% static %} writes into pages."""

    def url(self, name: str | None) -> str:
        return super().url(_find_hashed(name or ""))


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise over the packages' own folders, which also answers to the hashed names."""

    hashed: set[str]

    def add_file_to_dictionary(
        self, url: str, path: str, stat_cache: dict[str, os.stat_result] | None = None
    ) -> None:
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        self.__dict__.setdefault("hashed", set()).add(also := hashed_name(url, Path(path)))
        super().add_file_to_dictionary(also, path, stat_cache=stat_cache)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return url in self.__dict__.get("hashed", set())
