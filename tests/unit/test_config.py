"""Settings: environment over file over default, and every problem named."""

from pathlib import Path

import pytest

from amberpost import config
from amberpost.errors import ConfigError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, _, _ in config.settings():
        monkeypatch.delenv(f"AMBERPOST_{name.upper()}", raising=False)
        monkeypatch.delenv(f"AMBERPOST_{name.upper()}_FILE", raising=False)


def test_everything_has_a_default(tmp_path: Path) -> None:
    loaded = config.load(tmp_path / "archive")
    assert loaded.data == tmp_path / "archive"
    assert loaded.key_file == tmp_path / "archive.key"
    assert loaded.url == "http://127.0.0.1:8025"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text('listen = "127.0.0.1:1"\npool = 7\n')
    monkeypatch.setenv("AMBERPOST_LISTEN", "127.0.0.1:2")
    loaded = config.load(tmp_path)
    assert (loaded.listen, loaded.pool) == ("127.0.0.1:2", 7)


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("postgresql://u:p@h/d\n")
    monkeypatch.setenv("AMBERPOST_DATABASE_FILE", str(tmp_path / "secret"))
    assert config.load(tmp_path).database == "postgresql://u:p@h/d"


def test_a_missing_secret_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMBERPOST_DATABASE_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ConfigError, match="nothing") as caught:
        config.load(tmp_path)
    assert caught.value.code == "C004"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("listen = ", "C001", "config.toml"),
        ("lissten = 'x'", "C003", "lissten"),
        ("pool = 'many'\nceiling_bytes = 'x'", "C002", "pool.*ceiling_bytes"),
        ("insecure_cookies = 'perhaps'", "C002", "true or false"),
        ("ceiling_bytes = 0", "C002", "ceiling_bytes = 0: the least is 1"),
        (
            "batch_bytes = -1\npool = -1\nindex_commit_seconds = -0.5",
            "C002",
            "batch_bytes.*pool.*index_commit",
        ),
        ("index_commit_seconds = nan", "C002", "the least is 0"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, text: str, code: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        config.load(tmp_path)
    assert caught.value.code == code


def test_the_example_names_every_setting_and_changes_none(tmp_path: Path) -> None:
    plain = config.load(tmp_path)
    config.write_file(tmp_path, {"key_file": plain.key_file})
    assert config.load(tmp_path) == plain
    for name, _, doc in config.settings():
        assert f"# {name} = " in config.example()
        assert doc.endswith(".")
