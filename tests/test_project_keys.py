"""Every key of a project and of its segments has an effect: what a run makes differs when it is set otherwise."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from custlib import project as projects
from custlib.demo.purchases import purchases
from custlib.errors import UsageError
from custlib.explore.interactive_run import Run as Opened
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project, Segments, Value
from custlib.run import Run
from tests.notebooks.shops import make_shop

pytestmark = pytest.mark.slow
Seen = Callable[[Run], Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 300 customers with a product each line, a list of customers, invoices, and a second file."""
    folder = tmp_path_factory.mktemp("shop")
    path = make_shop(folder)
    header, *lines = (folder / "sales.csv").read_text().splitlines()
    rows = [f"{line},{('tea', 'cake')[place % 2]}" for place, line in enumerate(lines)]
    (folder / "sales.csv").write_text("\n".join([f"{header},product", *rows]))
    (folder / "again.csv").write_text("\n".join([f"{header},product", *rows[:200]]))
    ids = sorted({line.split(",")[0] for line in lines})
    (folder / "list.csv").write_text("\n".join(["customer_id,town,born", *(f"{one},Ulm,1990-05-01" for one in ids)]))
    owed = [f"{one},2024-10-01,2024-11-01,20" for one in ids]
    (folder / "invoices.csv").write_text("\n".join(["customer_id,due,paid,amount", *owed]))
    return path


@pytest.fixture
def opened(shop: Path, tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def run(**changes: Any) -> Run:
        runs.append(Run(projects.load(shop).replace(**changes), tmp_path / f"work{len(runs)}"))
        return runs[-1]

    yield run
    for run_ in runs:
        run_.engine.close()


def total(run: Run, column: str) -> float:
    return float(run.make("customer_value").fetch(f"select sum({column}) as n from customer_value")["n"].item())


def value(run: Run) -> float:
    return total(run, "value")


def names(run: Run) -> Any:
    return run.get("segmentation_names")


def plans(run: Run) -> Any:
    return {name: plan.plan.cost for name, plan in run.get("segment_plans").items()}


def sizes(run: Run) -> Any:
    counts = "select segment, count(*) as n from customer_segments where segmentation = 'rfm' group by segment"
    return run.make("customer_segments").fetch(f"{counts} order by segment").to_dict("list")


def written(run: Run) -> Any:
    return list(Opened(run.project, run.work).customers().columns)


def later(run: Run) -> Any:
    select = "select sum(probability_alive_later) as n from alive_later"
    return run.make("alive_later").fetch(select)["n"].item()


PLAYBOOK = {"segmentations": ("rfm", "abc"), "playbook": "rfm"}
# What a key is set to, and what differs then; a setting that is refused by name has an effect too.
PROOFS: dict[str, tuple[Any, Seen]] = {
    "id": ("other", lambda run: run.definitions.name),
    "name": ("Another shop", lambda run: run.get("page_footer")),
    "currency": ("CNY", plans),
    "as_of": (dt.date(2024, 9, 30), value),
    "holdout_days": (60, lambda run: run.get("holdout_summary")),
    "horizon_days": (90, value),
    "compare_days": (45, lambda run: run.get("compared_with")),
    "compare_with": (dt.date(2024, 6, 1), lambda run: run.get("compared_with")),
    "annual_discount_rate": (0.5, value),
    "margin": (0.4, value),
    "product_margins": ({"tea": 0.2}, value),
    "cost_to_serve": (3.0, value),
    "time_unit": ("day", lambda run: run.get("printed_model").alpha),
    "model": ("mbgnbd", lambda run: run.get("lifetime_model").label),
    "intervals": ("fast", lambda run: run.get("lifetime_model").label),
    "spend_days": ("repeat", lambda run: run.get("spend_model")[0].days),
    "challenger": (True, lambda run: run.get("challenger")["reason"]),  # too few customers, not off
    "subscription": ("month", value),
    "language": ("zh", lambda run: run.get("t")("validation.months")),
    "source": ({"path": "again.csv"}, value),
    "sources": (({"path": "sales.csv"}, {"path": "again.csv"}), value),
    "customers": ({"path": "list.csv", "attributes": {"town": "town"}}, lambda run: run.get("quality")["registers"]),
    "invoices": ({"path": "invoices.csv"}, lambda run: run.get("quality")["registers"]),
    "segments": ({"segmentations": ("abc",), "playbook": ""}, names),
    "value": ({"columns": ("coming_months",)}, written),
}
SEGMENT_PROOFS: dict[str, tuple[dict[str, Any], Seen]] = {
    "segmentations": ({"segmentations": ("rfm",)}, names),
    "playbook": ({"playbook": "abc"}, plans),
    "contact_costs": ({"contact_costs": {"email": 5.0}}, plans),
    "options": ({"options": {"rfm": {"mode": "fixed", "scores": "shop"}}}, sizes),
    "replay": ({"replay": 2}, lambda run: run.get("dates")),
    "hysteresis": ({"hysteresis": 0.5}, sizes),
}
VALUE_PROOFS: dict[str, tuple[dict[str, Any], Seen]] = {
    "columns": ({"columns": ("next_purchase",)}, written),
    "alive_after_days": ({"alive_after_days": 30}, later),
}
ELSEWHERE = {  # shown by a test of its own
    "folder": "where the project file lies: test_files_of_options_lie_beside_the_project_file",
    "overlap": "test_a_line_in_two_inputs_counts_once",
    "trade": "below",
    "season": "below",
    "playbook_file": "below",
    "refit": "tests/test_run.py::test_refit_defines_all_anew",
}


def test_every_key_is_shown_to_have_an_effect() -> None:
    shown = {*PROOFS, *SEGMENT_PROOFS, *VALUE_PROOFS, *ELSEWHERE}
    assert shown == {*Project.model_fields, *Segments.model_fields, *Value.model_fields}


@pytest.mark.parametrize("key", PROOFS)
def test_a_key_of_a_project_has_an_effect(opened: Callable[..., Run], key: str) -> None:
    setting, seen = PROOFS[key]
    base = {"segments": PLAYBOOK} if key != "segments" else {}
    before = seen(opened(**base))
    first = {"source": setting[0]} if key == "sources" else {}
    assert seen(opened(**base | first | {key: setting})) != before


@pytest.mark.parametrize("key", SEGMENT_PROOFS)
def test_a_key_of_segments_has_an_effect(opened: Callable[..., Run], key: str) -> None:
    setting, seen = SEGMENT_PROOFS[key]
    assert seen(opened(segments=PLAYBOOK | setting)) != seen(opened(segments=PLAYBOOK))


@pytest.mark.parametrize("key", VALUE_PROOFS)
def test_a_key_of_value_has_an_effect(opened: Callable[..., Run], key: str) -> None:
    setting, seen = VALUE_PROOFS[key]
    assert seen(opened(segments=PLAYBOOK, value=setting)) != seen(opened(segments=PLAYBOOK))


def test_age_bands_have_an_effect(opened: Callable[..., Run]) -> None:
    """Everybody is 34: in a band of the usual ones, and in one of the project's own."""

    def ages(**more: Any) -> Any:
        crm = {"path": "list.csv", "attributes": {"birth_date": "born"}} | more
        select = "select distinct value from customer_structure where attribute = 'age_band' and kind = 'value'"
        return opened(customers=crm).make("customer_structure").fetch(select)["value"].tolist()

    assert (ages(), ages(age_bands=(30, 60))) == (["25-34"], ["30-59"])


def test_a_playbook_of_another_trade_is_refused(opened: Callable[..., Run]) -> None:
    music = {"playbook_file": "playbooks/music"}
    with pytest.raises(UsageError, match="trade"):
        opened(currency="USD", segments=PLAYBOOK | music).get("playbook")
    assert opened(currency="USD", trade="music", segments=PLAYBOOK | music).get("playbook").playbook.id
    assert opened(segments=PLAYBOOK).get("playbook").playbook.id == "rf25"


def test_a_season_is_followed_unless_the_project_says_otherwise(tmp_path: Path) -> None:
    """Before the third Christmas, of twice and three times the purchases of other months."""
    december = (0.8,) * 10 + (2.0, 3.0)
    truth = BGNBD(1.2, 40.0, 0.7, 5.0), GammaGamma(6.0, 4.0, 15.0)
    sold = purchases(250, *truth, days=1096, joining_days=400, season=december, seed=1)
    sold.to_csv(tmp_path / "sales.csv", index=False, date_format="%Y-%m-%d")
    source = {"path": str(tmp_path / "sales.csv"), "columns": {name: name for name in sold.columns}}
    stated = {"id": "shop", "name": "S", "as_of": "2026-10-31", "horizon_days": 61, "source": source}
    found = {}
    for season in ("auto", "off"):
        run = Run(projects.build(stated | {"season": season}), tmp_path / season)
        found[season] = total(run, "expected_purchases"), run.get("season_caution")["state"]
        recency = run.engine.fetch("select min(recency - floor(recency)) as part from customer_value")["part"].item()
        assert recency == 0  # columns stay in days of the calendar
        run.engine.close()
    came = sold[sold["timestamp"] > "2026-10-31"].drop_duplicates(["customer_id", "timestamp"])
    assert found["auto"][0] == pytest.approx(len(came), rel=0.15) and found["auto"][1] == "followed"
    assert found["off"][0] < 0.6 * len(came) and found["off"][1] == "ignored"
