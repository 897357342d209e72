"""Leaves out the one select item that the parser does not know, so that the others keep their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.lineage.lexer import Token, code
from airflow_provider_montecarlo_push.lineage.profiles import Profile

MOST_ITEMS = 5
_QUALIFIERS = frozenset({"DISTINCT", "ALL"})


@dataclass(slots=True)
class _List:
    """A bracket, and where the item of its SELECT list begins that is being passed; ``None`` outside of a list."""

    item: int | None = None


def without_item(text: str, position: int, profile: Profile) -> tuple[str, str] | None:
    """Return ``text`` with the select item at ``position`` replaced by NULL, and that item.

    :param position: index of the character where the parser gave up.
    :return: ``None`` when it does not stand in a select list.
    """
    pieces = code(text, profile)
    start = _item_start(pieces, position)
    if start is None:
        return None
    end = _item_end(pieces, start)
    if end <= start or [piece.upper for piece in pieces[start:end]][:1] == ["NULL"]:
        return None
    item = text[pieces[start].start : pieces[end - 1].end]
    named = end - start > 2 and pieces[end - 2].upper == "AS"
    instead = f"NULL AS {pieces[end - 1].text}" if named else "NULL"
    return text[: pieces[start].start] + instead + text[pieces[end - 1].end :], item


def _item_start(pieces: Sequence[Token], position: int) -> int | None:
    lists = [_List()]
    for at, piece in enumerate(pieces):
        word = piece.upper if piece.kind != "name" else ""
        if piece.end > position and word in (",", "FROM", ")"):  # what is missing is before it
            break
        if word == "(":
            lists.append(_List())
        elif word == ")" and len(lists) > 1:
            lists.pop()
        elif word == "SELECT":
            lists[-1].item = at + 1
        elif word == "FROM":
            lists[-1].item = None
        elif (word == "," and lists[-1].item is not None) or (word in _QUALIFIERS and lists[-1].item == at):
            lists[-1].item = at + 1
        if piece.end > position:
            break
    return next((entry.item for entry in reversed(lists) if entry.item is not None), None)


def _item_end(pieces: Sequence[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(pieces)):
        word = pieces[at].upper if pieces[at].kind != "name" else ""
        if depth == 0 and word in (",", "FROM", ")"):
            return at
        depth += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
    return len(pieces)
