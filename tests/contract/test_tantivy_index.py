"""TantivyIndex keeps the contract, and what only files can break."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.errors import StoreError
from amberpost.search.files import check_files
from amberpost.search.index import Index, IndexDamaged, Scope
from amberpost.search.local import TantivyIndex
from amberpost.search.pages import page_by_relevance
from amberpost.search.query import parse_query
from amberpost.search.schema import SCHEMA_VERSION, make_analyzer
from amberpost.search.words import prepare, words
from tests.contract.index_contract import EVERYTHING, IndexContract, find
from tests.unit.search_query.documents import DOCUMENTS, make

ROOT = Path(__file__).resolve().parents[2]


def filled(path: Path, *, commits: int = 1) -> None:
    """An index of the golden documents; several commits leave several segments, and one deleted document."""
    TantivyIndex.create(path)
    writer = TantivyIndex.open_writer(path)
    for part in range(commits):
        writer.add(DOCUMENTS[part::commits], known_new=True)
        writer.commit()
    writer.close()


class TestTantivyIndex(IndexContract):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> Iterator[None]:
        self.path = tmp_path / "index"
        TantivyIndex.create(self.path)
        self.index = TantivyIndex.open_writer(self.path)
        yield
        self.index.close()

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls, tmp_path_factory: pytest.TempPathFactory) -> Index:
        path = tmp_path_factory.mktemp("golden")
        filled(path, commits=3)
        return TantivyIndex.open_reader(path)

    def view(self) -> Index:
        return TantivyIndex.open_reader(self.path)

    def test_a_second_writer_is_refused_in_clear_words(self) -> None:
        with pytest.raises(StoreError, match="Another process is writing"):
            TantivyIndex.open_writer(self.path)
        with pytest.raises(StoreError, match="Another process is writing"):
            TantivyIndex.create(self.path)
        self.index.close()
        TantivyIndex.open_writer(self.path).close()

    def test_an_index_made_anew_is_seen_by_open_readers(self, full: Index) -> None:
        self.index.close()
        TantivyIndex.create(self.path)
        assert full.count() == 0
        writer = TantivyIndex.open_writer(self.path)
        writer.add([make(1, "again")], known_new=True)
        writer.commit()
        writer.close()
        assert find(full, "again").ids == (1,)

    def test_what_was_not_committed_is_forgotten_by_close(self) -> None:
        self.index.add([make(1, "hello")], known_new=True)
        self.index.close()
        assert self.view().count() == 0

    def test_a_reader_does_not_write(self) -> None:
        reader = TantivyIndex.open_reader(self.path)
        for _ in range(2):
            with pytest.raises(StoreError, match="not open for writing"):
                reader.commit()
            reader.rest()
        self.index.close()
        self.index.rest()
        with pytest.raises(StoreError, match="not open for writing"):
            self.index.commit()

    def test_many_commits_stay_exact_under_merges(self) -> None:
        reader = self.view()
        for number in range(1, 41):
            self.index.add([make(number, "again", f"word{number % 7}")], known_new=number % 2 == 0)
            self.index.commit()
            assert find(reader, "again").count == number
        assert find(reader, "again", sort="relevance", limit=3).ids == (40, 39, 38)

    def test_a_word_longer_than_any_limit_is_found_by_its_beginning(self) -> None:
        self.index.add([make(1, "long", "x" * 200_000 + " tail")], known_new=True)
        self.index.commit()
        assert find(self.view(), "xxxxxxxx*").ids == (1,)
        assert find(self.view(), "tail").ids == (1,)

    def test_a_number_that_does_not_fit_the_sort_key_is_refused(self) -> None:
        with pytest.raises(ValueError, match="out of range"):
            self.index.add([make(2**32, "too far")], known_new=True)

    def test_texts_no_encoding_can_hold_are_indexed(self) -> None:
        self.index.add(
            [make(1, "half \ud83d pair", "nul \x00 byte \ufffd", filenames=("a\udcffb.pdf",))], known_new=True
        )
        self.index.commit()
        assert find(self.view(), "half pair nul byte filename:pdf").ids == (1,)


class CountingSearcher:
    """Stands before a searcher and counts what it is asked for."""

    def __init__(self, searcher: object) -> None:
        self._searcher = searcher
        self.fetched = 0

    def search(self, *args: object, **options: object) -> object:
        result = self._searcher.search(*args, **options)  # type: ignore[attr-defined]
        self.fetched += len(result.hits)
        return result

    def __getattr__(self, name: str) -> object:
        return getattr(self._searcher, name)


def test_a_page_among_many_equals_fetches_no_more_than_a_bounded_number_of_hits(tmp_path: Path) -> None:
    TantivyIndex.create(tmp_path)
    writer = TantivyIndex.open_writer(tmp_path)
    writer.add([make(number, "same") for number in range(1, 9001)], known_new=True)
    writer.commit()
    searcher = CountingSearcher(writer._fresh())
    query = writer._translator.within(parse_query("same"), EVERYTHING)
    page = page_by_relevance(searcher, query, 25, 0)
    assert page.count == 9000
    assert searcher.fetched < 10_000
    writer.close()


SAMPLES = [
    "Müller Straße ÄÖÜ ẞ İstanbul ıI ﬁn ＡＢ１２ RE/4711 2023-0117 file_name.PDF a.b@c.de l’été O'Neil",
    "e\u0301te\u0301 Ærø Łódź đ Þór œuvre ΟΔΟΣ Αθήνα Москва Ёлка йод Tiếng Việt Hà Nội ağaç ħ",
    "東京都庁 テスト ﾃｽﾄｶﾞ 회의 서울 ประชุม 发票2023.pdf 〇々 abc京都def",
    "Donau\u00addampf\u200bschiff \ufeff x\u2060y עברית عربي \U0001f600smile\U0001f600 ١٢٣",
    "5 µm μ ϐ β ϑ 𝛃𝛓 𝐌𝐚𝐭𝐡 ℝ x² m₃ Ⅳ Wachſtube ĳ ǆ ﬆ Windows™ №5 1ª nº ŋ ﺳﻼم 𝟙𝟚 ẛ",
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_both_tokenizers_make_the_same_words(sample: str) -> None:
    assert [word.text for word in words(sample)] == make_analyzer().analyze(prepare(sample))


def test_no_index_says_that_it_needs_a_rebuild(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(IndexDamaged, match="must be rebuilt"):
            TantivyIndex.open_reader(path)
        with pytest.raises(IndexDamaged, match="must be rebuilt"):
            TantivyIndex.open_writer(path)


def test_an_index_of_another_version_needs_a_rebuild_and_create_clears_it_away(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / SCHEMA_VERSION).rename(tmp_path / "v0")
    with pytest.raises(IndexDamaged, match="must be rebuilt"):
        TantivyIndex.open_reader(tmp_path)
    TantivyIndex.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [SCHEMA_VERSION]
    assert TantivyIndex.open_reader(tmp_path).count() == 0


def _files(folder: Path) -> list[Path]:
    """What an index consists of, without locks and tantivy's list of files to clear away."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def test_any_file_missing_or_cut_is_found_when_opened(tmp_path: Path) -> None:
    filled(tmp_path, commits=2)
    for path in _files(tmp_path / SCHEMA_VERSION):
        whole = path.read_bytes()
        for length in (0, 1, len(whole) // 2, len(whole) - 2):
            path.write_bytes(whole[:length])
            with pytest.raises(IndexDamaged, match="must be rebuilt"):
                TantivyIndex.open_reader(tmp_path)
        path.unlink()
        with pytest.raises(IndexDamaged, match="must be rebuilt"):
            TantivyIndex.open_writer(tmp_path)
        path.write_bytes(whole)
    assert TantivyIndex.open_reader(tmp_path).count() == len(DOCUMENTS)


def test_any_flipped_byte_of_the_segments_is_found_by_the_deep_check(tmp_path: Path) -> None:
    filled(tmp_path)
    folder = tmp_path / SCHEMA_VERSION
    assert list(check_files(folder, deep=True)) == []
    for path in _files(folder):
        if path.name == "meta.json":
            continue
        whole = path.read_bytes()
        body = whole.rindex(b'{"version"')
        for place in {*range(0, body, max(1, body // 40)), body - 1} - {-1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x80]) + whole[place + 1 :])
            assert [finding.where for finding in check_files(folder, deep=True)] == [path.name]
        path.write_bytes(whole)


def test_deletions_are_checked_too(tmp_path: Path) -> None:
    filled(tmp_path)
    writer = TantivyIndex.open_writer(tmp_path)
    writer.remove([1])
    writer.commit()
    writer.close()
    [deletions] = (tmp_path / SCHEMA_VERSION).glob("*.del")
    deletions.unlink()
    assert [finding.message for finding in check_files(tmp_path / SCHEMA_VERSION)] == ["missing"]


def test_a_reader_whose_index_vanishes_says_so(tmp_path: Path) -> None:
    filled(tmp_path)
    reader = TantivyIndex.open_reader(tmp_path)
    (tmp_path / SCHEMA_VERSION).rename(tmp_path / "gone")
    with pytest.raises(IndexDamaged, match="must be rebuilt"):
        find(reader, "server")


WRITER = """
import sys
from pathlib import Path
from amberpost.search.local import TantivyIndex
from tests.unit.search_query.documents import make
writer = TantivyIndex.open_writer(Path(sys.argv[1]))
start = writer.count()
for number in range(start + 1, start + 100_000):
    writer.add([make(number, "killed", "some words here " * 20)], known_new=False)
    if number % 5 == 0:
        writer.commit()
        print(number, flush=True)
"""


def _start_writer(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )


def test_kill_9_leaves_the_last_commit_or_the_one_being_made(tmp_path: Path) -> None:
    TantivyIndex.create(tmp_path)
    for after in (1, 3, 7):
        with _start_writer(tmp_path) as process:
            assert process.stdout is not None
            for _ in range(after):
                told = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            told = max([told, *(int(line) for line in process.stdout)])  # printed before the kill arrived
        found = TantivyIndex.open_reader(tmp_path)
        assert found.count() in (told, told + 5)
        assert find(found, "killed", limit=0).count == found.count()
        assert list(check_files(tmp_path / SCHEMA_VERSION, deep=True)) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from amberpost.errors import StoreError
from amberpost.search.local import TantivyIndex
from tests.unit.search_query.documents import make
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = TantivyIndex.open_writer(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    texts = [" ".join(f"w{number}x{i}" for i in range(300)) for number in range(1, 200)]
    writer.add([make(number, "full", text) for number, text in enumerate(texts, 100)], known_new=True)
    writer.commit()
except StoreError as error:
    print(error)
    try:
        writer.commit()
    except StoreError as again:
        print(again)
"""


def test_a_disk_that_takes_no_more_stops_the_writer_and_leaves_the_last_commit(tmp_path: Path) -> None:
    filled(tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        cwd=ROOT,
    )
    assert "could not be written" in told.stdout
    assert "not open for writing" in told.stdout
    reader = TantivyIndex.open_reader(tmp_path)
    assert reader.count() == len(DOCUMENTS)
    assert reader.find(parse_query("full"), Scope(everything=True), sort="date", limit=5).count == 0
