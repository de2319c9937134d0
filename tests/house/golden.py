"""Golden results of both example projects: ``python -m tests.house.golden save DIR``, and ``compare BEFORE AFTER``.

A folder holds, for every project, language and date, the published pages and the made tables. Compare says which
tables differ in a row, and which pages in their words or numbers; pictures are compared by their titles, descriptions
and tooltips, and by the tables beneath them.
"""

import argparse
import difflib
import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from tests.house.sources import ROOT

DATES = {"cdnow": ("1998-03-31", "1998-06-30"), "crm_demo": ("2025-09-30", "2025-12-31")}
LANGUAGES = ("en", "zh")
SHOWN = 6  # lines of a difference


def save(folder: Path) -> None:
    """Run both projects in both languages, the earlier date first, and keep pages and tables."""
    for project, dates in DATES.items():
        for language in LANGUAGES:
            work = folder / "work" / f"{project}-{language}"
            for day in dates:
                before = set(work.glob("tables/*"))
                subprocess.run(
                    [
                        sys.executable, "-m", "custlib.cli", "run", f"data/{project}.toml", "--as-of", day,
                        "--language", language, "--reports", folder / "reports" / language, "--work", work,
                    ],
                    check=True, cwd=ROOT,
                )  # fmt: skip
                (made,) = set(work.glob("tables/*")) - before
                target = folder / "tables" / f"{project}-{language}-{day}"
                target.mkdir(parents=True)
                for path in [*made.glob("*.parquet"), *made.glob("*.json")]:
                    shutil.copy(path, target)


def words(page: Path) -> list[str]:
    """The text of a page, a line for each element that holds any; of pictures the titles, descriptions and tooltips."""
    text = re.sub(r"<style.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"<svg.*?</svg>", _words_of_picture, text, flags=re.DOTALL)
    text = re.sub(r"<(?:/?(?:b|i|em|strong|a|span|tspan|code|sup|sub)\b[^>]*)>", "", text)
    lines = (html.unescape(line).strip() for line in re.sub(r"<[^>]+>", "\n", text).splitlines())
    return [line for line in lines if line]


def _words_of_picture(picture: re.Match[str]) -> str:
    """Titles, description and tooltips in alphabetical order: marks may be drawn in another order."""
    return "\n".join(sorted(re.findall(r"<(?:title|desc)[^>]*>(.*?)</", picture[0], flags=re.DOTALL)))


def compare_tables(before: Path, after: Path) -> list[str]:
    """Say which tables of a run differ; sums of doubles depend on the order of rows, in the last digits only."""
    faults = []
    for path in sorted(before.glob("*.parquet")):
        if not (after / path.name).is_file():
            faults.append(f"{before.name}: {path.name} is no longer made")
            continue
        try:
            pd.testing.assert_frame_equal(sorted_rows(path), sorted_rows(after / path.name), rtol=1e-9, atol=1e-9)
        except AssertionError as difference:
            faults.append(f"{before.name}: {path.name}: {' '.join(str(difference).split())[:200]}")
    return faults


def sorted_rows(path: Path) -> pd.DataFrame:
    """A table with its rows in an order of their own: by what is no double first."""
    frame = pq.read_table(path).to_pandas()
    doubles = [name for name in frame if frame[name].dtype == float]
    others = [name for name in frame if name not in doubles]
    keys = frame[others].astype(str).join(frame[doubles].round(6))
    return frame.loc[keys.sort_values([*others, *doubles]).index].reset_index(drop=True)


def compare_pages(before: Path, after: Path) -> list[str]:
    """Say which pages differ in words or numbers, with the first lines that do."""
    faults = []
    for path in sorted(before.glob("*/*/*/*.html")):
        name = path.relative_to(before)
        if not (after / name).is_file():
            faults.append(f"{name}: is no longer made")
            continue
        lines = list(difflib.unified_diff(words(path), words(after / name), lineterm="", n=0))
        changes = [line for line in lines[2:] if not line.startswith("@@")]
        if changes:
            faults.append("\n    ".join([f"{name}: {len(changes)} lines", *changes[:SHOWN]]))
    return faults


def main() -> None:
    """Save golden results, or compare two folders of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("save").add_argument("folder", type=Path)
    comparison = verbs.add_parser("compare")
    comparison.add_argument("before", type=Path)
    comparison.add_argument("after", type=Path)
    options = parser.parse_args()
    if options.verb == "save":
        save(options.folder.resolve())
        return
    faults = [
        fault
        for folder in sorted((options.before / "tables").iterdir())
        for fault in compare_tables(folder, options.after / "tables" / folder.name)
    ] + compare_pages(options.before / "reports", options.after / "reports")
    print("\n".join(faults) or "equal: every table, every page")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
