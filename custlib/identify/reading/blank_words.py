"""Takes words that mean blank (``NULL``, ``N/A`` ...) for no value, in the columns that are read.

A word counts where it is all that stands there, as it is written: an id ``C-NULL-7`` or a surname ``Null`` is none. The
texts of products, channels, states and attributes keep their words: ``None`` may be a kind of membership.
"""

from collections.abc import Mapping

from custlib import rules
from custlib.engine.base import Engine
from custlib.identify.reading.inputs import MONEY, Input

_TEXTS = ("product", "channel", "status")
_ATTRIBUTE = "attribute_"
_MARK = "\x1f"  # no part of a word: the first look finds words that blanks part
_NO_NUMBERS = ("nan",)  # in money they are numbers that are none, which the contract sets aside by that name


def attach_without(engine: Engine, entry: Input, columns: Mapping[str, str], inner: str, view: str) -> None:
    """Make a view of another one in which words that mean blank are none; both have the same columns."""
    types = engine.columns(inner)
    written = {
        column: _blanked(engine, column, words)
        for standard, column in columns.items()
        if types.get(column) == "VARCHAR" and (words := words_of(entry, standard))
    }
    if not written:
        engine.attach_select(view, f"select * from {inner}")
        return
    listed = (written.get(name, engine.dialect.name(name)) for name in types)
    engine.attach_select(view, f"select {', '.join(listed)} from {inner}")


def words_of(entry: Input, standard: str) -> tuple[str, ...]:
    """List the words that mean blank in the column of a role: those of the project, else those of the contract."""
    if standard in _TEXTS or standard.startswith(_ATTRIBUTE):
        return ()
    if entry.source.null_words is not None:
        return tuple(word.strip() for word in entry.source.null_words)
    words: list[str] = rules.load("contract")["null_words"]
    return tuple(word for word in words if standard not in MONEY or word.lower() not in _NO_NUMBERS)


def _blanked(engine: Engine, column: str, words: tuple[str, ...]) -> str:
    """Write a column without its blank words.

    Few values are a part of the words at all, and only those are trimmed and looked for between two marks: engines
    look at every row, and take a case for each word apart before they read the first.
    """
    name, quote = engine.dialect.name(column), engine.dialect.literal
    among, apart = quote(f" {' '.join(words)} "), quote(f"{_MARK}{_MARK.join(words)}{_MARK}")
    trimmed = f"concat({quote(_MARK)}, trim({name}), {quote(_MARK)})"
    return f"case when contains({among}, {name}) and contains({apart}, {trimmed}) then null else {name} end as {name}"
