"""Write data/crm_demo anew, from the truth in custlib/rules/crm_demo.toml: ``make crm-demo``."""

from pathlib import Path

from custlib.demo.crm import crm, files

PLACE = Path(__file__).resolve().parents[1] / "data" / "crm_demo"


def main() -> None:
    """Write every file; those of another time are removed."""
    for path in PLACE.rglob("*.csv"):
        path.unlink()
    for name, text in files(crm()).items():
        path = PLACE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
