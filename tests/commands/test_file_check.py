"""A file is judged before anything is made of it: what became of each row, what was assumed, what is odd."""

import csv
import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from custlib import cli
from custlib.commands.file_check import check_file
from custlib.commands.verdict import ACCEPTED, CAUTIONED, REFUSED, Verdict
from custlib.errors import UsageError
from custlib.models.forecasting import average, candidates, to_dict
from tests.notebooks.shops import make_shop

# Three customers, seven days: ann comes back twice, bob once, zoe never. Written in euros with a decimal comma.
SMALL = """client;day;total;note
ann;01.01.2025;10,50;first
ann;05.02.2025;20,00;
bob;10.02.2025;5,00;
ann;01.03.2025;-3,00;back
bob;15.03.2025;7,50;
zoe;20.03.2025;9,00;
ann;01.04.2025;12,00;
;02.04.2025;100,00;=HYPERLINK("http://x")
bob;03.04.2025;;-1
"""
WRITTEN: dict[str, Any] = {
    "delimiter": ";",
    "decimal": ",",
    "date_format": "%d.%m.%Y",
    "columns": {"customer_id": "client", "timestamp": "day", "amount": "total"},
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, str, Path]:
    """What was said of that file, in words too, and the folder of what was written."""
    folder = tmp_path_factory.mktemp("checked")
    (folder / "small.csv").write_text(SMALL)
    return *check_file(folder / "small.csv", options=WRITTEN, out=folder / "out"), folder / "out"


def test_every_row_and_its_money_is_told(checked: tuple[Verdict, str, Path]) -> None:
    verdict, text, out = checked
    assert verdict.status == CAUTIONED
    lines = text.splitlines()
    assert lines[0] == "small.csv: accepted with cautions"
    assert lines[1:6] == [
        "  columns    customer_id from 'client', timestamp from 'day', amount from 'total'",
        "  rows       9 read, 7 used, 2 set aside, 0 removed; 0 repaired",
        "  money      161.00 read, 61.00 used, 100.00 set aside, 0.00 removed",
        "  days       2025-01-01 to 2025-04-01",
        "  as of      2025-04-01",
    ]
    assert lines[6] == "  customers  3"
    assert "as of 2025-04-01, the last day in the data" in text
    record = json.loads((out / "quality.json").read_text())
    assert record["verdict"] == CAUTIONED and record["file"] == "small.csv"
    assert record["reasons"] == {"missing_customer_id": 1, "missing_amount": 1}
    assert record["rows_read"] == record["rows_used"] + record["rows_quarantined"] + record["rows_removed"] == 9
    assert (record["customers"], record["buyers"]) == (3, 3)


def test_rows_set_aside_stand_as_they_stood(checked: tuple[Verdict, str, Path]) -> None:
    with (checked[2] / "set_aside.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["input", "row", "reason", "client", "day", "total", "note"],
        ["small.csv", "8", "missing_customer_id", "", "02.04.2025", "100,00", '\'=HYPERLINK("http://x")'],
        ["small.csv", "9", "missing_amount", "bob", "03.04.2025", "", "-1"],
    ]


def test_what_is_written_is_for_its_owner(checked: tuple[Verdict, str, Path]) -> None:
    files = sorted(checked[2].iterdir())
    assert [path.name for path in files] == ["quality.json", "set_aside.csv"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_rows_of_the_last_check_do_not_stay(small: Path, tmp_path: Path) -> None:
    check_file(small, options=WRITTEN, out=tmp_path / "out")
    small.write_text("\n".join(SMALL.splitlines()[:-2]))
    check_file(small, options=WRITTEN, out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["quality.json"]


def test_without_a_folder_nothing_is_written(small: Path, tmp_path: Path) -> None:
    _, text = check_file(small, options=WRITTEN)
    assert "written" not in text
    assert list(tmp_path.iterdir()) == [small]


def test_refused_rows_are_counted_and_set_aside_too(small: Path, tmp_path: Path) -> None:
    verdict, text = check_file(small, options=WRITTEN | {"date_format": "%m/%d/%Y"}, out=tmp_path / "out")
    assert verdict.status == REFUSED
    assert "9 read, 0 used, 9 set aside, 0 removed" in text and "in 8 of 9 rows" in text
    assert len((tmp_path / "out" / "set_aside.csv").read_text().splitlines()) == 10
    assert json.loads((tmp_path / "out" / "quality.json").read_text())["rows_quarantined"] == 9


def test_rows_after_the_day_are_set_aside_and_written(small: Path, tmp_path: Path) -> None:
    check_file(small, options=WRITTEN | {"as_of": "2025-03-31"}, out=tmp_path / "out")
    text = (tmp_path / "out" / "set_aside.csv").read_text()
    assert [line.split(",")[1:3] for line in text.splitlines()[1:]] == [
        ["7", "after_as_of"], ["8", "missing_customer_id"], ["9", "missing_amount"],
    ]  # fmt: skip


def test_where_orders_are_looked_at_rows_stand_as_they_were_read(small: Path, tmp_path: Path) -> None:
    text = small.read_text().replace("note", "order", 1)
    small.write_text(text)
    columns = {**WRITTEN["columns"], "order_id": "order"}
    check_file(small, options=WRITTEN | {"order_lines": False, "columns": columns}, out=tmp_path / "out")
    with (tmp_path / "out" / "set_aside.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["reason"])
    assert [(row["reason"], row["customer_id"], row["amount_text"]) for row in rows] == [
        ("missing_amount", "bob", ""), ("missing_customer_id", "", "100,00"),
    ]  # fmt: skip
    assert rows[1]["order_id"] == '\'=HYPERLINK("http://x")'


def test_a_database_is_read_again_for_what_is_set_aside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("create table sales (customer_id, timestamp, amount)")
        rows = [(f"c{n % 9}", f"2025-01-{1 + n % 28:02d}", 5.0 + n) for n in range(60)]
        connection.executemany("insert into sales values (?, ?, ?)", [*rows, (None, "2025-01-03", 7.0)])
    connection.close()
    verdict, _ = check_file(tmp_path / "shop.sqlite", out=tmp_path / "out")
    assert verdict.record["reasons"] == {"missing_customer_id": 1}
    assert len((tmp_path / "out" / "set_aside.csv").read_text().splitlines()) == 2


def test_a_project_is_checked_with_all_its_sources(tmp_path: Path) -> None:
    project = make_shop(tmp_path)
    text = project.read_text().replace('[source]\npath = "sales.csv"', '[[sources]]\npath = "sales.csv"')
    (tmp_path / "more.csv").write_text("kunde,timestamp,amount\nann,2024-03-01,10\n,2024-03-02,20\n")
    text += '[[sources]]\npath = "more.csv"\ncolumns.customer_id = "kunde"\n'
    project.write_text(text)
    verdict, printed = check_file(project, out=tmp_path / "out")
    assert verdict.status == CAUTIONED and verdict.record["reasons"] == {"missing_customer_id": 1}
    assert "as of      2024-12-30" in printed and "the last day in the data" not in printed
    header, row = (tmp_path / "out" / "set_aside.csv").read_text().splitlines()
    assert header == "input,row,reason,kunde,timestamp,amount"
    assert row == "more.csv,2,missing_customer_id,,2024-03-02,20"
    assert not (tmp_path / "work").exists()


def test_options_are_of_purchases_only(tmp_path: Path) -> None:
    project = make_shop(tmp_path)
    with pytest.raises(UsageError, match="--options: delimiter: only for files of purchases"):
        check_file(project, options={"delimiter": ";"})


def test_purchases_without_a_forecast_are_refused_with_their_counts(tmp_path: Path) -> None:
    (tmp_path / "once.csv").write_text("customer_id,timestamp,amount\na,2024-01-05,1\nb,2024-02-05,2\n")
    verdict, text = check_file(tmp_path / "once.csv")
    assert verdict.status == REFUSED
    assert "2 read, 2 used" in text and "no repeat purchases: all 2 customers" in text
    assert "Without a forecast there is still a report" in text


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("project.yaml", "a: 1", "Projects are TOML"),
        ("sales.zip", "PK", "is an archive"),
        ("model.pkl", "", "is a pickle"),
        ("model.json", "5", "must be a JSON object"),
        ("model.json", "[1]", "JSON arrays are not read"),
        ("model.json", "{", "is no JSON of a model"),
        ("model.json", '{"model": "Gompertz"}', "there is no model Gompertz"),
        ("model.json", '{"model": "average", "format": 2, "members": []}', "has format 2, and this version of custlib"),
        ("model.json", '{"model": "average"}', "average: members: a list of models with a weight each is missing"),
        (
            "model.json",
            '{"model": "average", "members": [{"weight": 1, "model": "Gompertz"}]}',
            "average: member 1: lifetime: there is no model Gompertz",
        ),
        ("model.json", '{"r": 0.2, "alpha": 4, "a": 0.8}', "parameters missing: b"),
        ("model.json", '{"r": 0.2, "alpha": -4, "a": 0.8, "b": 2}', "alpha must be finite and above 0, got -4"),
        ("sales.docx", "", "sales.docx"),
        ("none.csv", None, "none.csv: no such file"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, name: str, content: str | None, wanted: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    verdict, text = check_file(tmp_path / name)
    assert verdict.status == REFUSED
    assert wanted in text


def test_a_model_that_can_be_used_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"model": "BG/NBD", "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}')
    verdict, text = check_file(tmp_path / "model.json")
    assert verdict.status == ACCEPTED
    assert text.splitlines()[1] == "  model      BG/NBD: r 0.243, alpha 4.414, a 0.793, b 2.426"


def test_the_target_is_never_what_is_checked(small: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--out: small.csv is a file. Name a folder."):
        check_file(small, options=WRITTEN, out=small)
    own = tmp_path / "set_aside.csv"
    own.write_text(SMALL)
    with pytest.raises(UsageError, match=r"--out: set_aside.csv is the file that is checked"):
        check_file(own, options=WRITTEN, out=tmp_path)
    assert own.read_text() == SMALL


def test_a_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    rows = "".join(f"c{n % 9},2025-01-{1 + n % 28:02d},{5 + n}\n" for n in range(60))
    (tmp_path / "sales.csv").write_text("customer_id,timestamp,amount,\x1b[2Jx\n" + rows.replace("\n", ",1\n"))
    _, text = check_file(tmp_path / "sales.csv")
    assert "columns ignored: ?[2Jx" in text and "\x1b" not in text


@pytest.mark.parametrize(("file", "code"), [("small.csv", 0), ("missing.csv", 3)])
def test_the_exit_code_is_that_of_the_verdict(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "options.json").write_text(json.dumps(WRITTEN))
    assert cli.main(["check", file, "--options", "options.json"]) == code
    caught = capsys.readouterr()
    assert caught.out.startswith(f"{file}: ") and caught.err == ""


def test_wrong_options_end_in_2(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "options.json").write_text('{"delimeter": ";"}')
    assert cli.main(["check", str(small), "--options", str(tmp_path / "options.json")]) == 2
    assert "options: delimeter: unknown key. Did you mean 'delimiter'?" in capsys.readouterr().err


@pytest.mark.parametrize("ticks", [1, 2])
def test_an_average_is_described_model_by_model(tmp_path: Path, ticks: int) -> None:
    history = [0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]
    model = average(candidates(*history, ticks=ticks))
    (tmp_path / "model.json").write_text(json.dumps(to_dict(model, time_unit="day")))
    verdict, text = check_file(tmp_path / "model.json")
    assert verdict.status == ACCEPTED
    lines = [line.split() for line in text.splitlines()[1 : 1 + len(model.members)]]
    for (weight, member), line in zip(model.members, lines, strict=True):
        assert f"{weight:.1%}" in line and f"{member.label}:" in line
        assert f"{member.values[0]:.6g}," in line
