"""The small shop that fills the embedded warehouse, and its history."""

from __future__ import annotations
