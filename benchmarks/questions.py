"""Runs inside a process of its own: asks one archive many questions and prints the times as JSON.

python -m benchmarks.questions ARCHIVE ROUNDS
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from amberpost import config
from amberpost.cli.main import start_django
from benchmarks.letters import PHRASE, RARE_WORD, Writer
from benchmarks.stock import load_stock

_WARM = 3


def main() -> None:
    settings = config.activate(config.load(Path(sys.argv[1])))
    rounds = int(sys.argv[2])
    start_django()
    from amberpost.accounts.people import get_user
    from amberpost.accounts.permissions import scope_of
    from amberpost.reading.find import find, find_within
    from amberpost.road.open import open_vault
    from amberpost.search.query import parse_query

    vault = open_vault(settings)
    results = []
    for login in ("seldom", "everybody"):
        user = get_user(login)
        scope = scope_of(user)
        for kind, (texts, sort) in _questions().items():

            def within(text: str, sort: str = sort) -> int:
                return find_within(vault, scope, parse_query(text), sort=sort, limit=25).count  # noqa: B023

            def whole(text: str, sort: str = sort) -> int:
                return find(vault, user, text, sort=sort).count  # noqa: B023

            for road, ask in (("find_within", within), ("find", whole)):
                results.append({"user": login, "kind": kind, "road": road, **_timed(ask, texts, rounds)})
    owned = {login: find(vault, get_user(login), "").count for login in ("seldom", "everybody")}
    vault.close()
    sys.stdout.write(json.dumps({"owned": owned, "questions": results}))


def _questions() -> dict[str, tuple[Sequence[str], str]]:
    """Texts to ask for each kind of question, and the order of the answer."""
    people = Writer(load_stock()).people
    common = ("the", "of", "and", "this", "that", "is")
    return {
        "rare word": ((RARE_WORD, "xanquizel", "ulfinyor"), "relevance"),
        "common word": (common, "relevance"),
        "two words": (("the message", "of this", "and that"), "relevance"),
        "phrase": ((f'"{PHRASE}"', '"of the"', '"in the"'), "relevance"),
        "prefix": (("con*", "mess*", "re*", "quetz*"), "relevance"),
        "field": (tuple(f"from:{people[number][1]}" for number in (1, 7, 400)), "relevance"),
        "date-sorted common": (common, "date"),
        "date-sorted everything": (("",), "date"),
        "date range": (("after:2020-01-01 before:2020-03-01", "the after:2021-06-01"), "date"),
    }


def _timed(ask: Callable[[str], int], texts: Sequence[str], rounds: int) -> dict[str, object]:
    counts = [ask(text) for text in texts for _ in range(_WARM)]
    times = []
    for _ in range(rounds):
        for text in texts:
            started = time.perf_counter()
            ask(text)
            times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return {
        "asked": len(times),
        "found": max(counts),
        "p50_ms": times[len(times) // 2],
        "p95_ms": times[int(len(times) * 0.95)],
    }


if __name__ == "__main__":
    main()
