"""Six header evaluations, the same forty messages: what the main road finds is what was written by hand."""

import pytest

from amberpost.directory.archives.book import AddressBook
from amberpost.reading.preview import preview
from amberpost.road.reasons import Reason
from tests.unit.message.forty import FORTY, Case

NOBODY = AddressBook([])


def found(case: Case) -> dict[str, set[str]]:
    return {
        mode.mode: {
            ("~" if claim.reason is Reason.DELIVERED_TO_PREFIXED else "") + claim.address
            for claim in mode.claims
        }
        for mode in preview(case.raw, NOBODY).modes
    }


@pytest.mark.parametrize("case", FORTY, ids=lambda case: case.name)
def test_the_addresses_are_those_of_the_hand_written_table(case: Case) -> None:
    assert found(case) == case.expected()


def test_there_are_forty_messages_and_six_evaluations() -> None:
    assert len({case.name for case in FORTY}) == len({case.raw for case in FORTY}) == 40
    assert all(len(case.expected()) == 6 for case in FORTY)
