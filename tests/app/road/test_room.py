"""One figure says when mail is no longer taken: to the collector, on the command line and in the alarm."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from amberpost.daemon.check import check_config
from amberpost.errors import StoreError
from amberpost.health.facts import gather
from amberpost.road.accept import require_room
from amberpost.store.disk import LocalDisk
from tests.opened import Opened

MIB = 2**20


@pytest.mark.parametrize(("free", "stops"), [(256, False), (255, True), (0, True)])
@pytest.mark.parametrize("total", [1_000, 10_000_000])
def test_collecting_stops_below_256_mib_whatever_part_of_the_disk_that_is(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, free: int, stops: bool, total: int
) -> None:
    def usage(_path: Path) -> Any:
        return shutil._ntuple_diskusage(total * MIB, (total - free) * MIB, free * MIB)  # type: ignore[attr-defined]

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr(LocalDisk, "free_bytes", lambda _self: free * MIB)
    if stops:
        with pytest.raises(StoreError, match=f"Only {free} MiB are free" if free else "The disk is full"):
            require_room(LocalDisk(opened.config.data))
    else:
        require_room(LocalDisk(opened.config.data))
    problems = [one.message for one in check_config(opened.config) if one.code == "C030"]
    said = f"Only {free} MiB of the disk are free; collecting stops at 256 MiB."
    assert problems == ([said] if stops else [])
    assert gather(opened.config, has_index=True).disk_free_bytes == free * MIB
