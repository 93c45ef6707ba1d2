"""Fixtures of the tests that ask pages."""

from tests.app.pages import site  # noqa: F401
from tests.furnished import furnished_folder  # noqa: F401
