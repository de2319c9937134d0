"""The first project file: a reason for each key, a question where the file is silent, and nothing written over."""

import datetime as dt
import gzip
import tomllib
from pathlib import Path
from tempfile import mkdtemp

import openpyxl
import pandas as pd
import pytest

from custlib import cli
from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError, UsageError
from custlib.identify.contract import make_transactions
from custlib.identify.guess.first_project import FirstProject, Wishes, write_first_project
from custlib.identify.guess.questions import Answer, Question, asked_on_terminal
from custlib.source import STANDARD_COLUMNS, Source
from tests.identify.guess.wild_files import WILD

TODAY = dt.date(2026, 3, 1)
CLEAR = "Kunde;Datum;Umsatz\n" + "".join(f"K{n % 7};{13 + n % 15}.0{1 + n % 9}.2025;{n},50\n" for n in range(60))
EARLY = "customer,date,revenue\n" + "".join(f"c{n % 7},0{1 + n % 9}/0{1 + 5 * n % 8}/2025,{n}.50\n" for n in range(60))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def first(folder: Path, *files: Path, **wishes: object) -> FirstProject:
    return write_first_project(files, Wishes(out=folder / "mine.toml", **wishes), TODAY)  # type: ignore[arg-type]


def test_a_clear_file_by_hand(tmp_path: Path) -> None:
    made = first(tmp_path, write(tmp_path / "sales.csv", CLEAR))
    assert not made.questions
    project = projects.load(made.path)
    assert (project.id, project.as_of, project.holdout_days) == ("mine", dt.date(2025, 9, 27), None)
    assert project.source == Source(
        path="sales.csv", delimiter=";", decimal=",", date_format="%d.%m.%Y",
        columns={"customer_id": "Kunde", "timestamp": "Datum", "amount": "Umsatz"},
    )  # fmt: skip


def test_every_key_says_why_it_is_set(tmp_path: Path) -> None:
    text = first(tmp_path, write(tmp_path / "sales.csv", CLEAR)).path.read_text(encoding="utf-8")
    keys = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    assert len(keys) > 8
    assert [line for line in keys if "  # " not in line] == []


def test_what_was_understood_is_shown_in_few_lines(tmp_path: Path) -> None:
    lines = first(tmp_path, write(tmp_path / "sales.csv", CLEAR)).lines
    place = lines.index("sales.csv, as understood:")
    assert lines[place + 1].split() == ["day", "customer", "order", "quantity", "amount", "product"]
    assert lines[place + 2].split() == ["2025-01-13", "K0", "0.50"]
    assumed = lines[lines.index("Assumed:") + 1 : -3]
    assert 1 <= len(assumed) <= 10
    assert any("2025-09-27: the last day in the data" in line for line in assumed)
    assert lines[-1].startswith("Next: custlib run ")


def test_a_question_stays_open_without_a_terminal(tmp_path: Path) -> None:
    made = first(tmp_path, write(tmp_path / "sales.csv", EARLY))
    text = made.path.read_text(encoding="utf-8")
    assert [question.key for question in made.questions] == ["date_format"]
    assert "# QUESTION: Are dates day/month/year or month/day/year? All 60 of 'date' fit both." in text
    assert '# date_format = "%d/%m/%Y"' in text
    assert '# date_format = "%m/%d/%Y"' in text
    assert projects.load(made.path).source.date_format is None
    assert "the last day, by the first answer below; else" in text


def test_a_guess_is_marked(tmp_path: Path) -> None:
    made = first(tmp_path, write(tmp_path / "sales.csv", EARLY), guesses=True)
    assert not made.questions
    assert "# GUESSED: Are dates day/month/year or month/day/year?" in made.path.read_text(encoding="utf-8")
    assert projects.load(made.path).source.date_format == "%d/%m/%Y"


def test_an_answer_is_taken(tmp_path: Path) -> None:
    def second(question: Question) -> Answer:
        return question.answers[1]

    made = first(tmp_path, write(tmp_path / "sales.csv", EARLY), ask=second)
    assert not made.questions
    assert projects.load(made.path).source.date_format == "%m/%d/%Y"
    assert any(line.split()[:2] == ["2025-01-01", "c0"] for line in made.lines)


def test_a_terminal_is_asked_until_a_number_comes(capsys: pytest.CaptureFixture[str]) -> None:
    question = Question("x", "Which?", (Answer("one"), Answer("two")))
    replies = iter(["three", "2"])
    assert asked_on_terminal(question, lambda prompt: next(replies)).text == "two"
    assert asked_on_terminal(question, lambda prompt: "").text == "one"
    assert capsys.readouterr().out.count("  1) one\n  2) two") == 2


def test_an_empty_line_guesses_nothing_that_cannot_be_guessed() -> None:
    question = Question("x", "Which?", (Answer("one"), Answer("two")), can_guess=False)
    replies = iter(["", "1"])
    assert asked_on_terminal(question, lambda prompt: next(replies)).text == "one"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    sales = write(tmp_path / "sales.csv", CLEAR)
    write(tmp_path / "mine.toml", "mine")
    with pytest.raises(
        UsageError, match="mine.toml exists. Name another file with --out, or overwrite it with --force"
    ):
        first(tmp_path, sales)
    assert (tmp_path / "mine.toml").read_text() == "mine"
    first(tmp_path, sales, replaces=True)
    assert projects.load(tmp_path / "mine.toml").id == "mine"


@pytest.mark.parametrize("name", ["sales.csv", "folder.toml", "no/where.toml"])
def test_a_wrong_place_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    sales = write(tmp_path / "sales.csv", CLEAR)
    with pytest.raises(UsageError, match="--out: "):
        write_first_project([sales], Wishes(out=tmp_path / name, replaces=True), TODAY)
    assert sales.read_text() == CLEAR


def test_files_of_one_layout_are_one_pattern(tmp_path: Path) -> None:
    files = [write(tmp_path / f"sales-{month}.csv", CLEAR.replace("\nK", f"\n{month}K")) for month in ("jan", "feb")]
    project = projects.load(first(tmp_path, *files).path)
    assert [source.path for source in project.inputs] == ["sales-*.csv"]
    assert transactions(project)["customers"].item() == 14


def test_files_of_one_layout_beside_others_are_sources_of_their_own(tmp_path: Path) -> None:
    files = [write(tmp_path / f"sales-{month}.csv", CLEAR) for month in ("jan", "feb", "mar")]
    project = projects.load(first(tmp_path, *files[:2]).path)
    assert [source.path for source in project.inputs] == ["sales-jan.csv", "sales-feb.csv"]


def test_files_of_two_layouts_are_two_sources(tmp_path: Path) -> None:
    till = write(tmp_path / "till.csv", CLEAR)
    web = write(tmp_path / "web.csv", EARLY.replace("/2025", "-2025").replace("/", "-").replace("0", "2", 1))
    project = projects.load(first(tmp_path, till, web, guesses=True).path)
    assert [(source.path, source.delimiter) for source in project.inputs] == [("till.csv", ";"), ("web.csv", ",")]


def test_paths_are_relative_to_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "projects").mkdir()
    sales = write(tmp_path / "raw" / "sales.csv", CLEAR)
    made = write_first_project([sales], Wishes(out=tmp_path / "projects" / "a.toml"), TODAY)
    assert projects.load(made.path).source.path == "../raw/sales.csv"


def test_wishes_are_written(tmp_path: Path) -> None:
    sales = write(tmp_path / "sales.csv", CLEAR)
    project = projects.load(first(tmp_path, sales, id="shop", language="zh", as_of=dt.date(2025, 6, 30)).path)
    assert (project.id, project.language, project.as_of) == ("shop", "zh", dt.date(2025, 6, 30))


def test_what_holds_no_purchases_is_refused(tmp_path: Path) -> None:
    people = write(tmp_path / "people.csv", "customer_id,city\n" + "".join(f"c{n},Ulm\n" for n in range(30)))
    with pytest.raises(TableError, match=r"people.csv: no column holds dates \(columns: customer_id, city\)"):
        first(tmp_path, people)
    with pytest.raises(TableError, match="none.csv: no such file"):
        first(tmp_path, tmp_path / "none.csv")
    assert not (tmp_path / "mine.toml").exists()


def transactions(project: projects.Project) -> pd.DataFrame:
    engine = DuckDB(Path(mkdtemp()))
    try:
        make_transactions(engine, project)
        return engine.fetch("select sum(amount) as money, count(distinct customer_id) as customers from transactions")
    finally:
        engine.close()


RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,LANTERN,2,12/1/2010 8:26,3.39,17850,United Kingdom
536366,22633,WARMER,4,12/13/2010 8:28,1.85,17850,United Kingdom
536367,84879,BIRD,32,12/14/2010 8:34,1.69,13047,United Kingdom
536368,POST,POSTAGE,1,12/15/2010 9:01,18.00,12583,France
536369,22752,BOXES,2,12/16/2010 9:32,7.65,,United Kingdom
C536379,84879,BIRD,-2,12/17/2010 9:41,1.69,13047,United Kingdom
536381,22139,TINS,23,1/18/2011 9:41,4.25,12583,France
536382,22752,BOXES,3,1/19/2011 9:41,7.65,13047,United Kingdom
536383,22633,WARMER,5,1/20/2011 9:41,1.85,12583,France
"""


@pytest.mark.skipif("unit_price" not in STANDARD_COLUMNS, reason="unit prices are not read yet")
def test_online_retail_needs_no_change(tmp_path: Path) -> None:
    made = first(tmp_path, write(tmp_path / "Online Retail.csv", RETAIL))
    assert not made.questions
    read = transactions(projects.load(made.path))
    by_hand = 6 * 2.55 + 2 * 3.39 + 4 * 1.85 + 32 * 1.69 + 18 - 2 * 1.69 + 23 * 4.25 + 3 * 7.65 + 5 * 1.85
    assert float(read["money"].item()) == pytest.approx(by_hand)
    assert read["customers"].item() == 3


def test_the_command_writes_and_names_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "Sales 2025.csv", CLEAR)
    assert cli.main(["init", "Sales 2025.csv"]) == 0
    assert "Next: custlib run sales-2025.toml" in capsys.readouterr().out
    assert (
        tomllib.loads((tmp_path / "sales-2025.toml").read_text(encoding="utf-8"))["source"]["path"] == "Sales 2025.csv"
    )


def test_the_command_exits_with_2_while_a_question_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "sales.csv", EARLY)
    assert cli.main(["init", "sales.csv"]) == 2
    assert "Are dates day/month/year or month/day/year?" in capsys.readouterr().err
    assert cli.main(["run", "sales.toml"]) == 2
    assert "sales.toml: open question: Are dates day/month/year" in capsys.readouterr().err
    assert cli.main(["init", "sales.csv", "--yes", "--force"]) == 0


@pytest.mark.slow
@pytest.mark.skipif("unit_price" not in STANDARD_COLUMNS, reason="unit prices are not read yet")
def test_a_run_follows_without_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    wild = next(wild for wild in WILD if wild.name == "uci_online_retail")
    path = wild.write(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", str(path), "--out", "data/retail.toml"]) == 0
    assert cli.main(["run", "data/retail.toml", "--only", "10_identify"]) == 0


def test_sheets_of_one_kind_are_asked_about(tmp_path: Path) -> None:
    rows = [[f"c{n % 7}", dt.date(2025, 1 + n % 9, 13), n + 0.5] for n in range(60)]
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("second")):
        for row in [["customer", "date", "revenue"], *rows]:
            sheet.append(row)
    book.save(tmp_path / "sales.xlsx")
    made = first(tmp_path, tmp_path / "sales.xlsx")
    assert [question.key for question in made.questions] == ["sheet"]
    assert [answer.text for answer in made.questions[0].answers] == ["Sheet", "second"]


def test_packed_files_and_folders_are_read(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with gzip.open(tmp_path / "lake" / "a.csv.gz", "wt", encoding="utf-8") as file:
        file.write(CLEAR)
    project = projects.load(first(tmp_path, tmp_path / "lake").path)
    assert project.source.path == "lake/a.csv.gz"
    assert transactions(project)["customers"].item() == 7


@pytest.mark.parametrize(("horizon", "line"), [(180, 180), (None, None)])
def test_the_horizon_is_chosen_by_the_days_covered(tmp_path: Path, horizon: int | None, line: int | None) -> None:
    lengths: list[int] = []

    def horizon_of(covered: int) -> int | None:
        lengths.append(covered)
        return horizon

    made = first(tmp_path, write(tmp_path / "sales.csv", CLEAR), horizon_of=horizon_of)
    assert lengths == [(dt.date(2025, 9, 27) - dt.date(2025, 1, 13)).days]
    assert tomllib.loads(made.path.read_text(encoding="utf-8")).get("horizon_days") == line
