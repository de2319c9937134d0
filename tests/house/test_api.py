"""What is public is documented in full, with an example that runs, on one page made from the docstrings."""

import doctest
import inspect
import re
from importlib import import_module
from types import ModuleType

import pytest

import custlib
from scripts.api import PAGE, _signature, _text, api_page

TEXT = PAGE.read_text(encoding="utf-8")
MODULES = [name for name in custlib.__all__ if inspect.ismodule(getattr(custlib, name))]
NAMES = [f"custlib.{name}" for name in custlib.__all__] + [f"custlib.models.{name}" for name in custlib.models.__all__]


def public(place: str) -> object:
    """What a dotted public name stands for."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


def test_the_page_is_made_from_the_docstrings() -> None:
    assert api_page() == TEXT, "docs/api.md is out of date: make api"


@pytest.mark.parametrize("place", NAMES)
def test_every_public_name_is_documented_with_an_example(place: str) -> None:
    one = public(place)
    docstring = inspect.getdoc(one) or ""
    assert f"`{place}`\n" in TEXT, f"{place} is not on docs/api.md: make api"
    assert has_example(one), f"{place} has no example"
    if inspect.isfunction(one):
        returns = ["Returns"] if inspect.signature(one).return_annotation is not None else []
        assert all(f"{section}\n---" in docstring for section in ("Parameters", *returns, "Examples"))


def has_example(one: object) -> bool:
    """Whether a docstring, or for a module one of what it holds, has a doctest."""
    texts = [inspect.getdoc(one) or ""]
    if isinstance(one, ModuleType):
        texts += [inspect.getdoc(getattr(one, name)) or "" for name in getattr(one, "__all__", ())]
    return any(doctest.DocTestParser().get_examples(text) for text in texts)


@pytest.mark.parametrize("name", ["Run", "Table"])
def test_every_public_method_is_on_the_page(name: str) -> None:
    own = [member for member in vars(getattr(custlib, name)) if not member.startswith("_") and member != "origin"]
    assert own
    assert all(re.search(rf"^### `{name}\.{member}`$", TEXT, re.MULTILINE) for member in own)


def test_help_opens_with_five_lines_that_run() -> None:
    examples = doctest.DocTestParser().get_examples(custlib.__doc__ or "")
    assert [line for line in examples if "import" not in line.source]
    assert len(examples) <= 6
    assert not doctest.testmod(custlib, optionflags=doctest.NORMALIZE_WHITESPACE).failed


DOCSTRING = """Add.

See :func:`custlib.fit`.

Parameters
----------
a : int
    The ``first``,
    and the rest.

Examples
--------
>>> 1 + 1
2
"""
MARKDOWN = """Add.

See `custlib.fit`.


**Parameters**

- `a` : int
  The `first`, and the rest.


**Examples**

```python
>>> 1 + 1
2
```

"""


def test_a_docstring_by_hand() -> None:
    assert _text(DOCSTRING) == MARKDOWN


def test_a_signature_is_as_it_is_written() -> None:
    assert _signature("fit", custlib.fit) == (
        'fit(summary: pd.DataFrame, *, unit: str = "day", model: str = "bgnbd") -> SummaryModels'
    )
    assert _signature("head", custlib.Table.head) == 'head(rows: int = 5) -> "pd.DataFrame"'
    assert _signature("open", custlib.open).splitlines()[:4] == [
        "open(",
        "    source: Any,",
        "    *,",
        "    as_of: dt.date | str | None = None,",
    ]
