"""The cases of the manifest: their files, and what is wrong with a verdict."""

import gzip
import json
import re
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"
MANIFEST: dict[str, Any] = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = MANIFEST["cases"]
COUNTED = ("data", "model")
MARKERS = ("rely_pwned", "rely_pwned2", "rely_pickle", "rely_escape", "rely_slip.csv")


def file_of(case: dict[str, Any], folder: Path) -> Path:
    """The file of a case; bombs, a pickle and what is large are made in a folder."""
    if not case["file"]:
        return FILES
    if (FILES / case["file"]).is_file():
        return FILES / case["file"]
    path = folder / case["file"]
    MAKERS[case["case"]](path)
    return path


def _make_gz_bomb(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(b"customer_id,timestamp,amount\n")
        for _ in range(60):
            file.write(b"C0001,2024-01-01,1.00\n" * 50_000)


def _make_zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("tx.csv", b"0" * 50_000_000)


def _make_pickle(path: Path) -> None:
    path.write_bytes(b"cposix\nsystem\n(S'touch rely_pickle'\ntR.")


def _make_long_id(path: Path) -> None:
    header, first, *others = (FILES / "control_clean.csv").read_text(encoding="utf-8").splitlines()
    place = header.split(",").index("customer_id")
    cells = first.split(",")
    cells[place] = "X" * 100_000
    path.write_text("\n".join([header, ",".join(cells), *others]) + "\n", encoding="utf-8")


MAKERS = {
    "gz_bomb": _make_gz_bomb,
    "zip_bomb": _make_zip_bomb,
    "model_pickle_exec": _make_pickle,
    "id_very_long": _make_long_id,
}


def options_of(case: dict[str, Any]) -> dict[str, Any]:
    """The options of a case, with the day of all."""
    return {"as_of": MANIFEST["as_of"], **case["options"]}


def faults(case: dict[str, Any], code: int, printed: str, folder: Path) -> list[str]:
    """What is wrong: the exit code, words that lack or are too many, counts, rows lost, or a side effect."""
    wanted = case["expect"]
    text = "\n".join([printed, *(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())])
    wrong = [] if (code != 0) == (case["kind"] == "reject") else [f"exit {code} of a case to {case['kind']}"]
    wrong += ["a trace"] if "Traceback (most recent call last)" in text or "Bug in custlib" in text else []
    wrong += [f"lacks /{form}/" for form in wanted["text"] if not re.search(form, text, re.IGNORECASE)]
    wrong += [f"holds /{form}/" for form in wanted["not"] if re.search(form, text, re.MULTILINE)]
    wrong += [f"made {name}" for name in MARKERS if Path(name).exists()]
    if case["kind"] != "reject" and case["layer"] in COUNTED:
        wrong += _miscounted(wanted["counts"], json.loads((folder / "quality.json").read_text(encoding="utf-8")))
    return wrong


def _miscounted(counts: dict[str, Any], quality: dict[str, Any]) -> list[str]:
    reasons = counts.get("reasons", {})
    wrong = [
        f"{name} = {quality.get(name)}, not {n}"
        for name, n in counts.items()
        if name != "reasons"
        if quality.get(name) != n
    ]
    wrong += [
        f"{code} = {quality['reasons'].get(code)}, not {n}"
        for code, n in reasons.items()
        if quality["reasons"].get(code) != n
    ]
    parts = (quality[f"rows_{what}"] for what in ("used", "quarantined", "removed"))
    return wrong + ([] if quality["rows_read"] == sum(parts) else ["rows lost"])
