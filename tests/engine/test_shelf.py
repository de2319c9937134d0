from custlib.engine.shelf import DEFINED, SPLIT, WHOLE, Shelf


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
    shelf.adopt("a", {"part=1": [write(tmp_path / "x.parquet")], "part=0": []})
    assert (shelf.kind("a"), shelf.places("a")) == (SPLIT, ["part=0", "part=1"])
    shelf.drop("a")
    assert shelf.kind("a") is None
    assert not list(shelf.folder.iterdir())


def test_files_are_adopted_without_a_copy_and_outlive_their_first_name(tmp_path):
    shelf, given = Shelf(tmp_path / "tables"), write(tmp_path / "x.parquet", "rows")
    shelf.adopt("a", {"part=0": [given]})
    (held,) = shelf.files("a")["part=0"]
    assert held.stat().st_ino == given.stat().st_ino
    given.unlink()
    assert held.read_text() == "rows"


def test_a_whole_table_is_one_part(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("a", write(shelf.scratch("a")), WHOLE)
    assert shelf.files("a") == {"part=0": [tmp_path / "a.parquet"]}
