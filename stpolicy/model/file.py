"""Bytes that have a name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """Bytes and what findings call them."""

    name: str
    data: bytes
