"""Whole runs of shops: no page names another trade's products or another currency, whatever playbook is followed."""

import html
import re
from pathlib import Path

import pytest

from custlib.project import load
from custlib.report.production import run_project
from tests.notebooks.shops import ROOT, SHOP, make_shop
from tests.report import chinese, page_truth

pytestmark = pytest.mark.slow

INLINE = re.compile(r"</?(?:span|b|strong|em|a|code|abbr)\b[^>]*>")
MUSIC = re.compile(r"\b(music|albums?|artists?|genres?|CDs?|CDNOW|songs?)\b|音乐|专辑|曲风|唱片", re.IGNORECASE)
COFFEE = re.compile(r"\b(coffee|beans|roast\w*|grind|brew\w*|descal\w*)\b|咖啡|豆子|烘焙|研磨|除垢", re.IGNORECASE)
FOREIGN = re.compile(r"\bUSD\b|\$|美元")
EURO = re.compile(r"\bEUR\b|€|欧元")
# What the data of the roaster name: products, channels, regions, columns.
ROASTER_NAMES = (
    "beans", "machine", "tea", "cups", "descaler", "filters", "grinder", "repair", "store", "web", "phone", "north",
    "south", "east", "west", "date",
)  # fmt: skip


def texts(folder: Path) -> dict[str, str]:
    """What a reader sees of every page, without marks, styles and the addresses of links."""
    pages = {path.stem: path.read_text("utf-8") for path in folder.glob("*.html")}
    bare = {name: re.sub(r"<(style|head)\b.*?</\1>", " ", page, flags=re.S) for name, page in pages.items()}
    lines = {name: re.sub(r"<[^>]+>", "\n", INLINE.sub("", page)) for name, page in bare.items()}
    return {name: html.unescape(page).replace("\xa0", " ") for name, page in lines.items()}


def published(project: Path, folder: Path) -> dict[str, str]:
    return texts(run_project(load(project), reports=folder / "reports", work=folder / "work"))


def named(pages: dict[str, str], words: re.Pattern[str]) -> dict[str, list[str]]:
    hits = {name: sorted({hit.group() for hit in words.finditer(text)}) for name, text in pages.items()}
    return {name: own for name, own in hits.items() if own}


def in_english(pages: dict[str, str], *names: str) -> dict[str, list[str]]:
    """The English words, English units and signs of half width on Chinese pages, beside names from the data."""
    found = {name: sorted({*chinese.faults(text, names), *chinese.signs(text)}) for name, text in pages.items()}
    return {name: own for name, own in found.items() if own}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shop_without_segments_meets_no_trade_and_no_other_currency(tmp_path: Path, language: str) -> None:
    shop = make_shop(tmp_path, text=SHOP.replace("[source]", f'language = "{language}"\n\n[source]'))
    pages = published(shop, tmp_path)
    assert {"overview", "playbook-loyal"} <= set(pages)
    for words in (MUSIC, COFFEE, FOREIGN):
        assert named(pages, words) == {}
    assert "overview" in named(pages, EURO)
    assert language == "en" or in_english(pages, load(shop).name) == {}


def test_a_shop_without_amounts_meets_none_either(tmp_path: Path) -> None:
    pages = published(make_shop(tmp_path, money=False), tmp_path)
    assert {"overview", "value", "segments", "audit", "start", "playbook-loyal"} <= set(pages)
    for words in (MUSIC, COFFEE, FOREIGN):
        assert named(pages, words) == {}
    # costs have a currency, purchases have none
    own = {"overview", "segments", *(name for name in pages if name.startswith("playbook"))}
    assert set(named(pages, EURO)) <= own
    assert "may win" in pages["playbook-loyal"] and "more purchases" in pages["playbook-loyal"]
    assert named(pages, re.compile("Do it|more (profit|revenue)|coming (money|profit|revenue)")) == {}
    for name in ("overview", "value", "start"):
        assert "There is no amount column" in pages[name]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_roaster_reads_of_coffee_and_of_no_album(tmp_path: Path, language: str) -> None:
    text = (ROOT / "data" / "crm_demo.toml").read_text("utf-8").replace('"crm_demo/', f'"{ROOT}/data/crm_demo/')
    (tmp_path / "roaster.toml").write_text(
        text.replace('id = "crm_demo"', f'id = "r"\nlanguage = "{language}"'), "utf-8"
    )
    pages = published(tmp_path / "roaster.toml", tmp_path)
    for words in (MUSIC, FOREIGN):
        assert named(pages, words) == {}
    assert {"playbook-champions", "playbook-at-risk", "overview"} <= set(named(pages, COFFEE))
    assert language == "en" or in_english(pages, "Coffee roaster (simulated)", *ROASTER_NAMES) == {}
    content = page_truth.blocks(tmp_path / "work")
    assert page_truth.faults_of_run(content) == []
    assert len({light for page in content.values() for light in page_truth.lights(page, language)}) == 1


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        ('[segments.options.rfm]\nmap = "rfm11"', {"playbook-cannot-lose", "playbook-lost", "segments", "start"}),
        ('[segments]\nplaybook = "lifecycle"', {"playbook-maturity", "playbook-decline", "segments", "start"}),
        ('[segments]\nplaybook = "pyramid"', {"playbook-diamond", "playbook-lead", "segments", "start"}),
    ],
)
def test_any_segmentation_gets_its_pages(tmp_path: Path, segments: str, wanted: set[str]) -> None:
    pages = published(make_shop(tmp_path, text=f"{SHOP}\n{segments}\n"), tmp_path)
    assert wanted <= set(pages)
    words = ("Do it", "Test it", "Leave it", "Too few")
    assert all(any(word in pages[name] for word in words) for name in wanted if name.startswith("playbook"))


def test_without_playbooks_no_page_promises_one(tmp_path: Path) -> None:
    pages = published(make_shop(tmp_path, text=f'{SHOP}\n[segments]\nplaybook = ""\n'), tmp_path)
    assert not [name for name in pages if name.startswith("playbook")]
    assert "overview" in pages
    assert named(pages, re.compile("leads to the playbook|Do it|Test it|Each segment has a playbook")) == {}
