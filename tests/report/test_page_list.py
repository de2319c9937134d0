"""The pages of a run: which notebook makes each, and what the index says of them."""

import json
from pathlib import Path

import pytest

from custlib.errors import UsageError
from custlib.report.page_html import GROUPS
from custlib.report.page_list import INSTEAD, Page, check_segments, index_entry, pages, title
from custlib.run import Run, open_run
from custlib.validate.lights import LIGHTS, UNTESTED
from tests.notebooks.shops import ROOT, SHOP, make_shop


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(str(make_shop(tmp_path_factory.mktemp("shop"))))


def test_every_notebook_makes_a_page(workspace: Run) -> None:
    made = {page.notebook for page in pages(workspace)} | {notebook for notebook, _ in INSTEAD.values()}
    assert made == {p.stem for p in (ROOT / "notebooks").glob("*.ipynb")}


def test_every_segment_has_a_playbook(workspace: Run) -> None:
    made = [page.parameters["segment"] for page in pages(workspace) if page.kind == "playbook"]
    assert tuple(made) == workspace.get("definitions")["rfm"].ids


def test_the_overview_comes_first_and_names_are_unlike(workspace: Run) -> None:
    names = [page.name for page in pages(workspace)]
    assert names[0] == "overview"
    assert len(set(names)) == len(names)


def test_a_playbook_of_a_segmentation_that_is_not_made_is_refused(tmp_path: Path) -> None:
    opened = open_run(str(make_shop(tmp_path, text=SHOP + '\n[segments]\nplaybook = "rfn"\n')))
    with pytest.raises(UsageError, match="segments.playbook: rfn is not made. Did you mean 'rfm'?"):
        check_segments(opened)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ('segmentations = ["rfm"]', "segmentations: abc, pyramid, clusters missing"),
        ('segmentations = ["rfm", "abcd"]', "segmentations: 'abcd' unknown. Did you mean 'abc'"),
        ('[segments.options.credit]\nrules = "../../etc/passwd"', "no file named tiers/../../etc/passwd"),
        (
            "[segments.options.bank5]\nscale = 0.1",
            r"bank5 is not made. Name it in segments.segmentations \(rfm, .*, bank5\)",
        ),
        ('playbook = "bank5"', r"playbook: bank5 is not made. Name it in segments.segmentations \(rfm, .*, bank5\)"),
        ('playbook = "abc"\nplaybook_file = "playbooks/rf25"', "playbooks/rf25 is for the map rf25, not for abc"),
        ('playbook = "rfm125"', "segments.playbook: rfm125 has 125 segments"),
        ('playbook = "clusters"', "segments.playbook: clusters has no shipped playbook"),
        ('playbook = "credit"', "segments.playbook: credit needs invoices with due and paid dates"),
        ('playbook_file = "playbooks/music"', "states its costs in USD, and the project is in EUR"),
        ('playbook_file = "playbooks/coffee"', "written for the trade coffee"),
        ('playbook_file = "none.toml"', "none.toml: no such file"),
        ('[segments.options.rfm]\nsegmentation = "abc"', "segments.options.rfm.segmentation: is no option"),
        ('[segments.options.rfmm]\nmap = "rf25"', "rfmm is not made. Did you mean 'rfm'"),
        ('[segments.options.rfm]\nmap = "../channels"', "segments.options.rfm: map"),
        ('[segments.options.rfm]\nmap = "rf99"', "no file named maps/rf99"),
        ("[segments.options.clusters]\nk = 0", "segments.options.clusters: k"),
    ],
)
@pytest.mark.sampled
def test_what_is_said_of_segments_is_checked_before_anything_is_made(tmp_path: Path, said: str, wanted: str) -> None:
    opened = open_run(str(make_shop(tmp_path, text=SHOP + f"\n[segments]\n{said}\n")))
    with pytest.raises(UsageError, match=wanted):
        check_segments(opened)
    assert not list((opened.folder).glob("*.parquet"))


def test_a_playbook_is_called_by_its_segment(workspace: Run) -> None:
    page = next(page for page in pages(workspace) if page.name == "playbook-at-risk")
    assert title(workspace.get("t"), page, workspace) == workspace.get("definitions")["rfm"].name("at_risk", "en")


def test_without_amounts_every_page_is_made_and_says_why_money_is_not(tmp_path: Path) -> None:
    opened = open_run(str(make_shop(tmp_path, money=False)))
    chosen = pages(opened)
    kinds = [page.kind for page in chosen if page.kind != "playbook"]
    assert kinds == ["overview", "validation", "value", "segments", "appendix", "audit", "identify", "start"]
    assert [page.notebook for page in chosen if page.kind == "value"] == ["41_purchases"]
    assert len(chosen) - len(kinds) == len(opened.get("definitions")["rfm"].ids)
    entry = index_entry(chosen, opened)
    assert [one["label"] for one in entry["numbers"]][-1].startswith("Purchases expected")
    assert "There is no amount column" in entry["reason"]
    said = json.dumps(entry)
    assert "USD" not in said and "EUR" not in said and "coming money" not in said
    assert {"title": "Purchases", "href": "value.html", "group": "value"} in entry["pages"]


def test_with_amounts_the_page_of_value_speaks_of_money(workspace: Run) -> None:
    assert [page.notebook for page in pages(workspace) if page.kind == "value"] == ["40_value"]
    said = json.dumps(index_entry(pages(workspace), workspace))
    assert "Coming revenue" in said and "There is no amount column" not in said


def test_the_index_entry_is_json_with_known_groups(workspace: Run) -> None:
    entry = json.loads(json.dumps(index_entry(pages(workspace), workspace), allow_nan=False))
    assert {page["group"] for page in entry["pages"]} <= set(GROUPS)
    assert [page["href"] for page in entry["pages"]] == [f"{page.name}.html" for page in pages(workspace)]
    assert all(page["title"] for page in entry["pages"]) and entry["headline"]
    assert {page["mark"] for page in entry["pages"] if page["group"] == "playbooks"} <= {"do", "test", "leave", "few"}
    assert entry["light"] in (*LIGHTS, UNTESTED)
    assert [one["unit"] for one in entry["numbers"]] == ["EUR", "", "EUR"]


def test_no_note_of_the_index_tells_a_small_count(workspace: Run) -> None:
    entry = index_entry(pages(workspace), workspace)
    frame = workspace.make("customer_segments").fetch(
        "select segment, count(*) as n from customer_segments where segmentation = 'rfm' group by segment"
    )
    small = {f"playbook-{row.segment.replace('_', '-')}.html" for row in frame.itertuples() if row.n < 10}
    notes = {page["href"]: page.get("note", "") for page in entry["pages"]}
    assert not any(notes[href] for href in small)


def test_a_page_is_a_value() -> None:
    assert Page("a", "value", "40_value", {}) == Page("a", "value", "40_value", {})
