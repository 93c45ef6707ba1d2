"""A plan's hash: what an operator has looked at is what is applied, or nothing is. Pure."""

import dataclasses
import hashlib
import json

from amberpost.directory.plan import Plan

_LENGTH = 32  # 128 bits in hexadecimal digits
_ONLY_SAID = {"conflicts", "notes"}  # told to the operator, changed by nobody


def plan_hash(plan: Plan) -> str:
    """The same for two plans exactly if they change the same."""
    parts = {
        field.name: _plain(getattr(plan, field.name))
        for field in dataclasses.fields(plan)
        if field.name not in _ONLY_SAID
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_LENGTH]


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=json.dumps)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
