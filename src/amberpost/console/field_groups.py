"""Fields of a form that belong together under one heading, each with the warnings beside it."""

from dataclasses import dataclass

from django import forms

from amberpost.console.warnings import FieldWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    field: forms.BoundField
    warnings: tuple[FieldWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that belong together under one heading."""

    title: str
    rows: tuple[FieldRow, ...]
    is_folded: bool = False  # seldom needed, nothing wrong in it
