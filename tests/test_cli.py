"""The command says what is wrong in the form of the house, with the exit code of its kind, and never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from custlib import cli
from custlib.report import production, publish
from tests.notebooks.shops import make_shop

GOOD = "customer_id,timestamp,amount\n" + "".join(
    f"c{n % 40},2024-{1 + (7 * n) % 11:02d}-{1 + (11 * n) % 28:02d},{5 + n % 17}.50\n" for n in range(400)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the command is called in, with good purchases."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales.csv").write_text(GOOD)
    return tmp_path


def value(*words: str, file: str = "sales.csv", out: str = "out.parquet") -> int:
    return cli.main(["value", file, "--as-of", "2024-12-31", "--out", out, *words])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What went to standard error; standard output must be empty."""
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "Traceback" not in caught.err
    return caught.err


def test_value_prints_json_and_writes_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert value("--json") == 0
    summary = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert summary["totals"]["customers"] == 40
    assert len(pd.read_parquet(folder / "out.parquet")) == 40


@pytest.mark.slow
def test_value_says_what_it_found_in_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["value", "sales.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    labels = [line[:10].strip() for line in lines[: lines.index("")] if line[:10].strip()]
    assert labels == ["rows", "customers", "forecast", "value", "model", "light", "caution", "assumed", "written"]
    assert len(lines[lines.index("") + 1 :]) == 6  # the header and five customers
    assert not list(folder.glob("*.parquet"))


def test_the_help_lists_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.partition("exit codes:")[2].splitlines() if line.strip()] == list(
        "01234567"
    )


@pytest.mark.slow
def test_without_an_amount_the_summary_is_still_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [line.rpartition(",")[0] for line in GOOD.splitlines()]
    (folder / "sales.csv").write_text("\n".join(rows) + "\n")
    assert value("--json") == 0
    summary = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert summary["totals"]["value"] is None
    assert "no amount column" in " ".join(summary["quality"]["warnings"])


def test_a_few_bad_amounts_are_set_aside_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sales.csv").write_text(GOOD + "c1,2024-05-05,twelve\nc2,2024-05-06,\n")
    assert value("--json") == 0
    quality = json.loads(capsys.readouterr().out)["quality"]
    assert quality["reasons"] == {"missing_amount": 1, "unreadable_amount": 1}
    assert quality["rows_read"] == 402 == quality["rows_used"] + quality["rows_quarantined"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, "TableError: sales.csv: no such file"),
        ("", "TableError: sales.csv: the file is empty (0 bytes). Export it again."),
        ("customer_id,timestamp,amount\n", "no rows under the header (0 rows)"),
        (GOOD.replace("timestamp", "timestmp"), "column 'timestamp' is missing. Did you mean 'timestmp'?"),
        (GOOD.replace(".50", " EUR?"), "sales.csv: amount is no number in 400 of 400 rows (first: rows 1, 2, 3)."),
        (GOOD.replace("2024-", "31/"), "timestamp is not a date in 400 of 400 rows"),
        (GOOD.replace("2024-", "2031-"), "no transactions up to as_of 2024-12-31"),
    ],
)  # fmt: skip
@pytest.mark.sampled
def test_a_file_that_cannot_be_used_ends_in_3(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, wanted: str
) -> None:
    (folder / "sales.csv").unlink() if text is None else (folder / "sales.csv").write_text(text)
    assert value() == 3
    assert wanted in said(capsys)
    assert not list(folder.glob("*.parquet*")) and not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ('{"delimeter": ";"}', "UsageError: options: delimeter: unknown key. Did you mean 'delimiter'?"),
        ('{"decimal": ";"}', "source.decimal: Input should be '.' or ','"),
        ('{"thousands": "."}', "thousands and decimal are both '.'"),
        ('{"columns": {"client": "id"}}', "source.columns.client"),
        ('{"delimiter": ";"', "options.json: cannot be read as JSON"),
        ('{"delimiter": ";", "delimiter": ","}', "options.json: cannot be read as JSON ('delimiter' stands twice)"),
        ("[" * 100_000, "options.json: cannot be read as JSON"),
        ("[1]", "options.json: must hold a JSON object"),
        (None, "options.json: cannot be read as JSON"),
    ],
)
def test_wrong_options_end_in_2(
    folder: Path, capsys: pytest.CaptureFixture[str], options: str | None, wanted: str
) -> None:
    if options is not None:
        (folder / "options.json").write_text(options)
    assert value("--options", "options.json") == 2
    assert wanted in said(capsys)


def test_a_target_that_is_a_folder_ends_in_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert value(out=".") == 2
    assert "UsageError: --out:" in said(capsys)


def test_a_model_that_is_not_identified_ends_in_4(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sales.csv").write_text("customer_id,timestamp,amount\na,2024-01-05,1\nb,2024-02-05,2\n")
    assert value() == 4
    assert said(capsys).startswith("ModelError: lifetime: no repeat purchases: all 2 customers bought one time")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["value", "x.csv", "--as-of", "31.12.2024", "--out", "o"], "'31.12.2024' is no date; write 2025-06-30"),
        (["value", "x.csv", "--horizon-days", "0", "--out", "o"], "'0' is no whole number of days above 0"),
        (["value"], "the following arguments are required: FILE"),
        (["walk"], "invalid choice: 'walk'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_words_end_in_2(words: list[str], wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert wanted in said(capsys)


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        ("0.0001", "give 0 for no discount"),
        ("-1", "than or equal to 0"),
        ("nan", "annual_discount_rate"),
        ("99", "less than 10"),
    ],
)
def test_a_rate_out_of_range_ends_in_2(
    folder: Path, capsys: pytest.CaptureFixture[str], rate: str, wanted: str
) -> None:
    assert value("--annual-discount-rate", rate) == 2
    assert wanted in said(capsys)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, "UsageError: shop.toml: no such file."),
        ("id = ", "shop.toml"),
        ('id = "shop"\n', "name: is required and missing."),
        ('id = "../shop"\nname = "x"\nas_of = 2024-12-30\n[source]\npath = "x.csv"\n', "id: String should match"),
        ('idd = "shop"\n', "idd: unknown key. Did you mean 'id'?"),
    ],
)
def test_a_wrong_project_file_ends_in_2(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, wanted: str
) -> None:
    if text is not None:
        (folder / "shop.toml").write_text(text)
    assert cli.main(["run", "shop.toml"]) == 2
    assert wanted in said(capsys)


def test_a_run_on_data_that_are_not_there_ends_in_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(production, "prepare", lambda *_: None)  # no page is made, so no process need import for it
    path = make_shop(tmp_path / "data")
    (tmp_path / "data" / "sales.csv").unlink()
    assert cli.main(["run", str(path)]) == 3
    assert "TableError: sales.csv: no such file" in said(capsys)
    assert (tmp_path / "reports" / "index.html").is_file()


def test_a_run_that_cannot_write_ends_in_5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_shop(tmp_path / "data")
    (tmp_path / "work").write_text("")
    assert cli.main(["run", str(path), "--work", str(tmp_path / "work")]) == 5
    assert "RunError: run:" in said(capsys)


def test_a_locked_project_ends_in_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_shop(tmp_path / "data")
    with publish.lock(tmp_path / "data" / "work" / "shop.lock"):
        assert cli.main(["run", str(path)]) == 6
    assert said(capsys).endswith("LockedError: run: another run of shop is under way. Wait for it to end.\n")


def test_a_bug_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custlib.quick.value_file", lambda *given, **options: 1 / 0)
    assert value() == 1
    assert said(capsys) == "Bug in custlib: ZeroDivisionError. Run again with --verbose and report it.\n"


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "custlib.cli", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[0]) == (0, "custlib")
