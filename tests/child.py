"""Do one function on an archive in a process of its own, which may then be killed at any point.

The words are DATA module:function [argument ...]; see Opened.in_child().

The function gets the Opened archive and the arguments as text.
"""

import importlib
import os
import sys
from pathlib import Path


def main() -> None:
    data, name, *arguments = sys.argv[1:]
    os.environ["DJANGO_SETTINGS_MODULE"] = "amberpost.site.settings"
    os.environ["AMBERPOST_DATA"] = data  # Django's settings are read with it
    import django

    django.setup()
    from tests.opened import Opened

    module, _, function = name.partition(":")
    opened = Opened.enter(Path(data))
    getattr(importlib.import_module(module), function)(opened, *arguments)
