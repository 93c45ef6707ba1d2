"""A plan's hash: what an operator has looked at is what is applied, or nothing is. Pure."""

import dataclasses
import hashlib
import json

from amberpost.directory.plan.plan import Plan

_LENGTH = 32  # 128 bits in hexadecimal digits
# Told to the operator and changed by nobody; and what stands in joins and releases as it counts
_LEFT_OUT = {"conflicts", "notes", "members", "delegates"}


def plan_hash(plan: Plan) -> str:
    """The same for two plans exactly if they change the same; a directory may answer in any order."""
    return hashlib.sha256(json.dumps(_plain(plan), sort_keys=True).encode()).hexdigest()[:_LENGTH]


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.name not in _LEFT_OUT]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, frozenset | tuple):
        return sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
