"""Build hook: compile the translations, so that an installed Amberpost speaks German and French.

Uses polib instead of GNU gettext: a machine with nothing but Python and pip can build and install.
Run as a program it does the same in a checkout.
"""

from pathlib import Path
from typing import Any

import polib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(root: Path) -> list[Path]:
    """Write the .mo file beside each .po file that is newer, and name all .mo files."""
    compiled = []
    for source in sorted((root / "src" / "amberpost" / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
        compiled.append(target)
    return compiled


class TranslationsBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling for wheels, source archives and editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root))


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent)
