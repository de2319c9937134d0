"""Stages frames from a notebook: of pandas, polars, PyArrow, and of all that give an Arrow stream."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custlib.errors import TableError, UsageError
from custlib.identify.reading.inputs import Input, Staged, folded
from custlib.identify.reading.staging import staged, write_batches
from custlib.project import Source

if TYPE_CHECKING:
    import pyarrow as pa


def stage_frame(frame: Any, folder: Path, *, source: Source | None = None, name: str = "frame") -> Input:
    """Stream a frame into a Parquet file, as an input of a project.

    It is of pandas, polars or PyArrow, or anything with the Arrow method ``__arrow_c_stream__``: one row per purchase
    line; a reader is used up. Without ``source`` its columns have standard names and texts hold ISO dates. Raises
    UsageError if it is no frame, and TableError if a column mixes kinds of values that no table can hold.

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import mkdtemp
    >>> shop = pd.DataFrame({"customer_id": ["ann"], "timestamp": pd.to_datetime(["2025-01-01"]), "amount": [10.0]})
    >>> stage_frame(shop, Path(mkdtemp())).staged.available
    ('customer_id', 'timestamp', 'amount')
    """
    with staged(folder) as (part, target):
        try:
            reader = _reader(frame)
            _refuse_doubles(name, reader.schema.names)
            schema = _storable(reader.schema)
            write_batches(schema, _cast(reader, schema), part)
        except (TypeError, ValueError, NotImplementedError) as fault:
            raise TableError(f"{name}: a column cannot be stored: {_first(fault)}. Give it one type.") from None
    return Input(source or Source(path=name), name, None, staged=Staged(target, tuple(schema.names)))


def _refuse_doubles(name: str, columns: list[str]) -> None:
    """Refuse columns of one name: engines would rename one of them, and another be read."""
    counts = Counter(map(folded, columns))
    if doubles := [column for column in columns if counts[folded(column)] > 1]:
        raise TableError(f"{name}: columns {', '.join(map(repr, doubles))} have one name. Rename all but one.")


def _reader(frame: Any) -> "pa.RecordBatchReader":
    import pyarrow as pa

    if type(frame).__module__.split(".")[0] == "pandas" and hasattr(frame, "columns"):
        return pa.Table.from_pandas(frame).to_reader(max_chunksize=1 << 16)
    if isinstance(frame, pa.Table):
        return frame.to_reader(max_chunksize=1 << 16)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(frame)
    if hasattr(frame, "collect"):
        raise UsageError("frame: is lazy. Give frame.collect().")
    raise UsageError(f"frame: {type(frame).__name__} is no frame. Give one of pandas, polars or PyArrow.")


def _storable(schema: "pa.Schema") -> "pa.Schema":
    """Choose the types that both engines read from Parquet: categories and views as text, nothing at all as text."""
    import pyarrow as pa

    def plain(kind: "pa.DataType") -> "pa.DataType":
        if pa.types.is_dictionary(kind):
            return plain(kind.value_type)
        text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
        return pa.string() if any(is_text(kind) for is_text in text) else kind

    return pa.schema([pa.field(field.name, plain(field.type)) for field in schema])


def _cast(reader: "pa.RecordBatchReader", schema: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    for batch in reader:
        columns = [_plain(column).cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain(column: "pa.Array") -> "pa.Array":
    """Write categories out; their names are cast first, as not every kind of text can be taken by place."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return column
    names = column.dictionary
    names = names.cast(pa.string()) if pa.types.is_string_view(names.type) else names
    return pa.DictionaryArray.from_arrays(column.indices, names).dictionary_decode()


def _first(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0].rstrip(".")[:200] if str(fault).strip() else type(fault).__name__
