"""Small projects for the tests of runs: 300 simulated customers, or the CDNOW example, each in a folder of its own."""

import shutil
from pathlib import Path

from custlib.demo.purchases import purchases
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma

ROOT = Path(__file__).resolve().parents[2]
SHOP = """
id = "shop"
name = "A simulated shop"
currency = "EUR"
as_of = 2024-12-30
holdout_days = 120
horizon_days = 180

[source]
path = "sales.csv"
"""


def make_shop(folder: Path, *, money: bool = True, seed: int = 3, text: str = SHOP) -> Path:
    """Write the project and its purchases; return the project file."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = BGNBD(0.6, 12.0, 0.8, 3.0), GammaGamma(6.25, 3.74, 15.44)
    sold = purchases(300, *truth, days=365, seed=seed)
    kept = sold if money else sold.drop(columns="amount")
    kept.to_csv(folder / "sales.csv", index=False, date_format="%Y-%m-%d")
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    return folder / "shop.toml"


def copy_cdnow(folder: Path) -> Path:
    """Copy the project file of the example; return the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(ROOT / "data" / "cdnow.toml", folder / "cdnow.toml"))
