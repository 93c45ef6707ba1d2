"""The embedded index: tantivy in a folder beside the catalogue. One process writes, any number read.

Promises: commit() returns after its files and their folder are synced; a killed writer leaves the last
commit; a reader sees a commit with its next question. Does not promise that the folder is secret: words of
all mail stand in it in the clear, so it belongs on an encrypted volume.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import tantivy

from amberpost.errors import Finding, QueryError, StoreError
from amberpost.remark import Remark
from amberpost.search.document import Document
from amberpost.search.files import check_files, sync_folder, writer_lock
from amberpost.search.guard import guarded
from amberpost.search.index import IndexDamaged, Matches, Scope, Sort
from amberpost.search.pages import page_by_date, page_by_relevance
from amberpost.search.schema import SCHEMA_VERSION, WORDS, make_analyzer, make_schema, to_tantivy
from amberpost.search.translate import Translator, ranks
from amberpost.search.tree import Query

# 2026-11-23, 30,000 texts of 9 KB, one run each, busy machine: the caller waited little longer with 64 MiB
# than with 128 MiB or a second thread (2 to 4 %); 32 MiB lost a third. Peak of the process: 151 MiB, and 236
# with 100,000 texts.
HEAP_BYTES = 128 * 1024 * 1024
_DELETE_BATCH = 1000  # numbers in one query

_MISSING = "index_of_other_version"
_UNREADABLE = "index_damaged"
_STOPPED = "index_not_written"
_BUSY = "index_busy"


class TantivyIndex:
    """Index on local files, opened by open_reader() or open_writer(). After a fork, open it again.

    Keeps the promises of index.Index. What writes raises StoreError, or DiskFull, and then writes no more; what asks
    raises IndexDamaged, or QueryError for what no index can answer.
    """

    def __init__(self, folder: Path, *, writes: bool, untouched: bool = False) -> None:
        self._folder = folder
        self._open: Callable[[Path], tantivy.Index] = _opened_by_links if untouched else _opened
        self._guard = threading.Lock()
        self._writes, self._rests = writes, False
        self._writer: tantivy.IndexWriter | None = None
        self._wake()
        self._translator = Translator(self._index.schema, make_analyzer())

    @classmethod
    def create(cls, path: Path) -> None:
        """Make an empty index at `path`, in place of what was there. Refused while another process writes."""
        folder, fresh = path / SCHEMA_VERSION, path / "new"
        with writer_lock(folder, busy=_BUSY), guarded(StoreError, _STOPPED):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            tantivy.Index(make_schema(), str(fresh))
            for old in path.iterdir():
                if old != fresh:
                    shutil.rmtree(old)
            fresh.rename(folder)
            sync_folder(path)

    @classmethod
    def open_reader(cls, path: Path, *, untouched: bool = False) -> Self:
        """Open for find() and count(). IndexDamaged if there is nothing to be trusted at `path`. `untouched`:
        nothing at `path` is changed, not even a lock file."""
        return cls(path / SCHEMA_VERSION, writes=False, untouched=untouched)

    @classmethod
    def open_writer(cls, path: Path) -> Self:
        """Open for everything. StoreError while another process writes. Never makes an index by itself, as an
        empty one beside a full archive would answer as if there were no mail: see create()."""
        return cls(path / SCHEMA_VERSION, writes=True)

    @staticmethod
    def check(path: Path, *, deep: bool = False) -> Iterator[Finding]:
        """What is missing or cut short, and with `deep` any altered byte. Needs no lock."""
        return check_files(path / SCHEMA_VERSION, deep=deep)

    def add(self, documents: Sequence[Document], *, known_new: bool) -> None:
        if not known_new:
            documents = list({document.message_id: document for document in documents}.values())
        made = [to_tantivy(document) for document in documents]
        if not known_new:
            self.remove([document.message_id for document in documents])
        with self._writing() as writer:
            for document in made:
                writer.add_document(document)

    def remove(self, ids: Sequence[int]) -> None:
        for start in range(0, len(ids), _DELETE_BATCH):
            query = self._translator.by_ids(ids[start : start + _DELETE_BATCH])
            with self._writing() as writer:
                # By query: delete_documents_by_term on a number field silently does nothing (tantivy 0.27).
                writer.delete_documents_by_query(query)

    def commit(self) -> None:
        with self._writing() as writer:
            writer.commit()
            sync_folder(self._folder)  # tantivy syncs the files, but not the name of the last one

    def rollback(self) -> None:
        with self._writing() as writer:
            writer.rollback()

    def find(self, query: Query, scope: Scope, *, sort: Sort, limit: int, offset: int = 0) -> Matches:
        if limit < 0 or offset < 0:
            raise ValueError("limit and offset are not negative")
        wanted = self._translator.within(query, scope)
        page = page_by_relevance if sort == "relevance" and ranks(query) else page_by_date
        with guarded(IndexDamaged, _UNREADABLE):
            try:
                return page(self._fresh(), wanted, limit, offset)
            except ValueError as error:
                if "max expansions" not in str(error):
                    raise
                # A phrase ends with * and tens of thousands of words begin so.
                raise QueryError("prefix_too_common") from None

    def count(self) -> int:
        with guarded(IndexDamaged, _UNREADABLE):
            return int(self._fresh().num_docs)

    def has_after(self, message_id: int) -> bool:
        with guarded(IndexDamaged, _UNREADABLE):
            return bool(self._fresh().search(self._translator.after(message_id), limit=1).hits)

    def rest(self) -> None:
        """Tantivy keeps a buffer of HEAP_BYTES, and a thread that reads a file twice a second."""
        with self._guard:
            if not self._rests:
                self._rests, self._writer = True, None
                del self._index, self._searcher

    def close(self) -> None:
        self._writer, self._writes = None, False  # gives up the lock

    def _wake(self) -> None:
        self._seen = _signature(self._folder)
        self._index = self._open(self._folder)
        self._writer = self._open_writer() if self._writes else None
        self._searcher = self._index.searcher()
        self._rests = False

    def _fresh(self) -> tantivy.Searcher:
        """A searcher of the last commit. Asking the file costs microseconds and needs no thread, which a fork
        would lose."""
        with self._guard:
            if self._rests:
                self._wake()
            seen = _signature(self._folder)
            if seen != self._seen:
                # Another folder: the index was made anew. Links lead to the files of one commit only.
                if seen[0] != self._seen[0] or self._open is _opened_by_links:
                    self._index = self._open(self._folder)
                else:
                    self._index.reload()
                self._searcher, self._seen = self._index.searcher(), seen
            return self._searcher

    def _open_writer(self) -> tantivy.IndexWriter:
        try:
            return self._index.writer(HEAP_BYTES, 1)
        except ValueError as error:
            if "LockBusy" in str(error):
                raise StoreError(_BUSY) from None
            raise StoreError(_STOPPED) from error

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """The writer for one thread at a time. After an error it writes no more."""
        with self._guard:
            if self._rests:
                self._wake()
            if self._writer is None:
                raise StoreError("index_not_for_writing")
            try:
                with guarded(StoreError, _STOPPED):
                    yield self._writer
            except StoreError:
                self._writer, self._writes = None, False
                raise


def _opened(folder: Path) -> tantivy.Index:
    """The index in the folder, looked over: a file cut short would end the process when it is read."""
    with guarded(IndexDamaged, _UNREADABLE):
        for finding in check_files(folder):
            raise IndexDamaged(Remark(_UNREADABLE, subject=finding.where, cause=finding.remark))
        index = tantivy.Index.open(str(folder))
        index.register_tokenizer(WORDS, make_analyzer())
        index.config_reader("manual")
        index.reload()
        return index


def _opened_by_links(folder: Path) -> tantivy.Index:
    """As _opened(), from a passing folder of links to the files: tantivy takes a lock file whenever it loads a
    commit, so that its writer removes no file meanwhile. Without that lock one may vanish: then look again."""
    while True:
        seen = _signature(folder)
        links = Path(tempfile.mkdtemp(prefix="amberpost-"))
        try:
            for file in folder.glob("[!.]*"):
                (links / file.name).symlink_to(file)
            managed = folder / ".managed.json"
            if managed.exists():
                (links / managed.name).symlink_to(managed)
            return _opened(links)  # the files stay open, whatever becomes of their names
        except IndexDamaged:
            if _signature(folder) == seen:
                raise
        finally:
            while links.exists():  # a thread of tantivy's may put its lock there while we clear up
                shutil.rmtree(links, ignore_errors=True)


def _signature(folder: Path) -> tuple[int, int, int]:
    """Changes with each commit: tantivy replaces meta.json by a new file."""
    try:
        meta = (folder / "meta.json").stat()
        return folder.stat().st_ino, meta.st_ino, meta.st_mtime_ns
    except OSError as error:
        raise IndexDamaged(_MISSING) from error
