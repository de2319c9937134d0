"""Spark: it runs a step, moves the lines once, and says in one line why it cannot start."""

import datetime as dt
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from custlib.engine import open_engine, spark_session
from custlib.engine.dialect import spark_day
from custlib.engine.spark_session import start
from custlib.errors import RunError, UsageError
from custlib.value.history import History, history_reduction

LINES = "client,day,paid\nann,2025-01-02,3.10\nann,2025-02-02,4.20\nbob,2025-01-05,x\n"


@pytest.mark.slow
@pytest.mark.usefixtures("spark_here")
def test_spark_reads_casts_and_writes(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(LINES)
    engine = open_engine("spark", tmp_path / "tables")
    engine.attach_csv("source", tmp_path / "sales.csv", ["client", "day", "paid"], delimiter=",")
    amount = f"cast({engine.dialect.number('paid')} as decimal(18, 4))"
    engine.make("paid", f"select client, {amount} as paid from source where day < :until", until="2025-02-01")
    assert engine.fetch("select client, paid from paid").fillna(0).to_numpy().tolist() == [["ann", 3.1], ["bob", 0.0]]
    engine.close()


@pytest.mark.slow
@pytest.mark.usefixtures("spark_here")
def test_a_java_machine_that_was_killed_is_said_and_started_anew(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from pyspark import SparkContext
        from custlib.engine import open_engine
        from custlib.errors import RunError

        engine = open_engine("spark", Path(sys.argv[1]), memory_limit="1GB")
        SparkContext._gateway.proc.kill()
        SparkContext._gateway.proc.wait()
        try:
            engine.make("transactions", "select 1 as customer_id")
        except RunError as fault:
            print(fault)
        print(len(open_engine("spark", Path(sys.argv[1]), memory_limit="1GB").fetch("select 1 as one")))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert "the Java machine ended, perhaps for want of memory" in run.stdout, run.stderr
    assert run.stdout.splitlines()[-1] == "1"


@pytest.mark.slow
@pytest.mark.usefixtures("spark_here")
def test_the_reduction_moves_the_lines_once(tmp_path: Path) -> None:
    engine = open_engine("spark", tmp_path)
    money = "cast(1 as decimal(18, 4)) as amount, cast(1 as decimal(18, 4)) as profit"
    days = "date_add(date '2025-01-01', cast(id % 9 as int)) as day, '' as product"
    flags = "true as is_purchase, false as is_refund"
    select = f"select concat('c', id % 50) as customer_id, {days}, {flags}, {money} from range(5000)"
    engine.make("transactions", select)
    ends = {"now": dt.date(2025, 12, 31), "calibration": dt.date(2025, 1, 5)}
    select = history_reduction(History(ends, dt.date(2025, 1, 2))).select(engine.dialect)
    plan = engine._session.sql("explain " + select).collect()
    assert plan[0][0].count("Exchange hashpartitioning") == 1
    engine.close()


# --- what cannot start ------------------------------------------------------------------------------------------------


def test_without_java_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="spark: there is no Java .*apt install openjdk-17-jre-headless"):
        start(tmp_path)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(RunError, match="spark: JAVA_HOME names no Java"):
        start(tmp_path)


def test_without_pyspark_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(RunError, match=r"spark: PySpark is not installed. Install it: pip install 'custlib\[spark\]'"):
        start(tmp_path)


@pytest.mark.parametrize("master", ["spark://127.0.0.1:9", "sc://127.0.0.1:9"])
def test_a_master_where_nothing_answers_is_named(tmp_path: Path, master: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    monkeypatch.setenv("CUSTLIB_SPARK_MASTER", master)
    with pytest.raises(RunError, match="spark: nothing answers at 127.0.0.1:9 .*correct CUSTLIB_SPARK_MASTER"):
        start(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("spark_here")
@pytest.mark.parametrize("master", ["nonsense", "local[many]"])
def test_a_master_that_is_none_ends_the_command_in_one_line(tmp_path: Path, master: str) -> None:
    (tmp_path / "sales.csv").write_text("customer_id,timestamp,amount\nann,2025-01-02,3\n")
    command = [sys.executable, "-m", "custlib.cli", "value", str(tmp_path / "sales.csv"), "--as-of", "2025-06-30",
               "--engine", "spark", "--out", str(tmp_path / "out.parquet")]  # fmt: skip
    ended = subprocess.run(
        command, capture_output=True, text=True, env=dict(spark_session.os.environ, CUSTLIB_SPARK_MASTER=master)
    )
    assert ended.returncode == 5
    assert ended.stderr.startswith(f"RunError: spark: cannot start at {master}: ")
    assert ended.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]


@pytest.mark.parametrize(("limit", "written"), [("500MB", "500m"), ("4 GiB", "4g"), ("2g", "2g")])
def test_memory_is_written_as_java_does(limit: str, written: str) -> None:
    assert spark_session._memory(limit) == written


def test_memory_that_is_none_is_refused() -> None:
    with pytest.raises(RunError, match="spark: 'much' is no size of memory. Write it as 4GB or 500MB."):
        spark_session._memory("much")


# --- days in a declared form ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "said"),
    [("%Q", "%Q is not read"), ("%d/%m", "names no day"), ("%H:%M", "names no day"), ("plain", "names no day")],
)
def test_a_form_without_a_day_is_refused(form: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"source.date_format: .*{said}"):
        spark_day("x", form, repr)
