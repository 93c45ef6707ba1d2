"""The road on both databases: `road` is a fresh archive in this process, on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.archive import move_in
from tests.opened import Opened
from tests.servers.postgres import INITDB, PROGRAM, Postgres

NewRoad = Callable[..., Opened]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if PROGRAM is None or INITDB is None:
        pytest.skip("PostgreSQL is not installed")
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def _empty_postgres(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> tuple[Path, str]:
    folder, url = tmp_path_factory.mktemp("empty-postgres"), postgres.create_database()
    with django_db_blocker.unblock():
        Opened.create(folder / "archive", database=url).leave()
    return folder, url


@pytest.fixture
def new_on_postgres(
    postgres: Postgres, _empty_postgres: tuple[Path, str], tmp_path: Path, django_db_blocker: Any
) -> Iterator[NewRoad]:
    folder, template = _empty_postgres
    made: list[Opened] = []

    def make(name: str = "archive", **changes: object) -> Opened:
        if made:
            made[-1].leave()
        move_in(folder / "archive", tmp_path / name)
        shutil.copy(folder / "archive.key", tmp_path / f"{name}.key")
        (tmp_path / name / "config.toml").unlink()
        url = postgres.create_database(template)
        made.append(Opened.enter(tmp_path / name, database=url, **changes))
        return made[-1]

    with django_db_blocker.unblock():
        yield make
        if made:
            made[-1].leave()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def new_road(request: pytest.FixtureRequest) -> NewRoad:
    """Makes fresh archives on one of the databases."""
    make: NewRoad = request.getfixturevalue("new_opened" if request.param == "sqlite" else "new_on_postgres")
    return make


@pytest.fixture
def road(new_road: NewRoad) -> Opened:
    return new_road()
