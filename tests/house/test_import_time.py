"""``import custlib`` stays light: what is heavy loads when first asked for."""

import subprocess
import sys

HEAVY = {
    "duckdb", "IPython", "jupyterlab", "matplotlib", "nbconvert", "numpy", "pandas", "papermill",
    "py4j", "pyarrow", "pydantic", "pyspark", "scipy", "seaborn", "sklearn",
}  # fmt: skip


def test_import_loads_nothing_heavy() -> None:
    loaded = set(in_a_new_process("import sys, custlib; print(*sys.modules)").split())
    assert not loaded & HEAVY


def test_import_takes_under_a_seventh_of_a_second() -> None:
    clocked = "import time; start = time.perf_counter(); import custlib; print(time.perf_counter() - start)"
    assert min(float(in_a_new_process(clocked)) for _ in range(5)) < 0.15


def in_a_new_process(code: str) -> str:
    """What Python prints that runs ``code`` in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
