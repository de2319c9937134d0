from custlib.engine.shelf import DEFINED, GATHERED, WHOLE, Shelf, parquet_of


def write(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_table_has_one_kind_at_a_time(tmp_path):
    shelf = Shelf(tmp_path / "tables")
    shelf.put("a", write(shelf.scratch("a")), WHOLE)
    assert (shelf.kind("a"), shelf.names()) == (WHOLE, ["a"])
    shelf.define("a", "select 1", ("b",))
    assert shelf.kind("a") == DEFINED
    assert shelf.defined("a") == ("select 1", ["b"])
    shelf.adopt("a", [write(tmp_path / "x.parquet"), write(tmp_path / "y.parquet")])
    assert (shelf.kind("a"), len(parquet_of(shelf.folder, "a"))) == (GATHERED, 2)
    shelf.drop("a")
    assert shelf.kind("a") is None
    assert not list(shelf.folder.iterdir())


def test_files_are_adopted_without_a_copy_and_outlive_their_first_name(tmp_path):
    shelf, given = Shelf(tmp_path / "tables"), write(tmp_path / "x.parquet", "rows")
    shelf.adopt("a", [given])
    (held,) = parquet_of(shelf.folder, "a")
    assert held.stat().st_ino == given.stat().st_ino
    given.unlink()
    assert held.read_text() == "rows"


def test_a_whole_table_is_one_file(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("a", write(shelf.scratch("a")), WHOLE)
    assert parquet_of(tmp_path, "a") == [tmp_path / "a.parquet"]
    assert parquet_of(tmp_path, "b") == []
