"""``custlib map check``: what a map does with its cells, and exit code 2 where it does it badly."""

from pathlib import Path

import pytest

from custlib import cli, rules
from custlib.errors import UsageError
from custlib.segment.rule_files import rule_file

HEAD = """
[map]
id = "mine"
axes = {{ R = [1, 3], F = [1, 2] }}
{more}
"""
SEGMENT = """
[[segment]]
id = "{name}"
where = [{{ {block} }}]
name = {{ en = "x", zh = "x" }}
strategy = {{ en = "x", zh = "x" }}
{more}
"""


def written(folder: Path, *segments: tuple[str, ...], more: str = "") -> str:
    """A map file of (name, block, further lines)."""
    texts = [SEGMENT.format(name=name, block=block, more="".join(rest)) for name, block, *rest in segments]
    (folder / "mine.toml").write_text(HEAD.format(more=more) + "".join(texts), encoding="utf-8")
    return str(folder / "mine.toml")


def checked(capsys: pytest.CaptureFixture[str], file: str) -> tuple[int, list[str], str]:
    """Exit code, lines on standard output, and standard error."""
    code = cli.main(["map", "check", file])
    caught = capsys.readouterr()
    assert "Traceback" not in caught.err
    return code, caught.out.splitlines(), caught.err


def test_a_clean_map_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, ("best", "R = 3"), ("rest", "R = [1, 2]"))
    assert checked(capsys, path) == (
        0,
        [
            f"map {path}: R (1 to 3) x F (1 to 2), 6 cells",
            "  best      2",
            "  rest      4",
            "holes: none",
            "overlaps: none",
            "never reached: none",
        ],
        "",
    )


def test_an_overlap_with_a_priority_is_clean_and_names_the_winner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, _ = checked(capsys, written(tmp_path, ("best", "R = 3", "priority = 1"), ("rest", "R = [1, 3]")))
    assert code == 0
    assert lines[1:5] == [
        "  best      2",
        "  rest      4",
        "holes: none",
        "overlaps: best wins over rest in 2 of 6 cells (R3F1, R3F2)",
    ]


def test_holes_overlaps_and_unreachable_names_end_in_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(
        tmp_path,
        ("best", "R = 3"),
        ("rest", "R = [2, 3], F = 2"),
        ("never", "R = 2, F = 2", "priority = 2"),
        ("always", "R = 2, F = 2", "priority = 1"),
    )
    code, lines, said = checked(capsys, path)
    assert code == 2
    assert lines[1:] == [
        "  best        1",
        "  rest        0",
        "  never       0",
        "  always      1",
        "holes: 3 of 6 cells (R1F1, R1F2, R2F1)",
        "overlaps: best and rest in 1 of 6 cells (R3F2)",
        "overlaps: always wins over never, rest in 1 of 6 cells (R2F2)",
        "never reached: rest, never",
    ]
    assert said == (
        f"UsageError: map {path}: 3 of 6 cells (R1F1, R1F2, R2F1) without a name;"
        " 1 of 6 cells (R3F2) with two names; rest, never: no cell has this name."
        " Give each cell one name, and each name a cell.\n"
    )


def test_a_name_without_a_cell_is_not_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, ("all", "R = [1, 3]", "priority = 1"), ("other", "R = 1"), more='on_gap = "other"')
    code, _, said = checked(capsys, path)
    assert code == 2
    assert "other: no cell has this name" in said


@pytest.mark.parametrize("name", rules.names("maps"))
def test_the_shipped_maps_are_clean(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, said = checked(capsys, name)
    assert (code, said) == (0, "")
    assert lines[0].startswith(f"map {name}: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "none.toml: no such file."),
        (b"a = ", "is not valid TOML"),
        (b"a = '\xff'", "is not valid TOML"),
        (b"a = 1", r"must have one of the tables [map] and [tiers], and has 0 of them"),
        (b"[map]\n[tiers]", r"must have one of the tables [map] and [tiers], and has 2 of them"),
        (b"[map]\nid = 'a'", "map.axes: "),
        (b"map = 1", "map: "),
    ],
)
def test_what_is_no_map_ends_in_2_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "none.toml").write_bytes(content)
    code, lines, err = checked(capsys, str(tmp_path / "none.toml"))
    assert (code, lines) == (2, [])
    assert err.startswith("UsageError: ") and said in err


def test_an_unknown_name_offers_the_shipped_ones(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = checked(capsys, "rfm12")
    assert code == 2
    assert "rfm12: no such file, and no such map. Did you mean 'rfm11'? Available: " in err


def test_a_text_in_one_language_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, ("best", "R = 3"), ("rest", "R = [1, 2]"))
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(text.replace('name = { en = "x", zh = "x" }', 'name = { zh = "x" }'), encoding="utf-8")
    code, lines, _ = checked(capsys, path)
    assert code == 0
    assert lines[-1] == "languages: best, rest: name is not given in en and taken from the other language"


def test_a_folder_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "maps.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        rule_file.check(str(tmp_path / "maps.toml"))
