"""Remarks in Chinese: every sentence that modules write has one, with the numbers of the remark and no English left."""

import re
from pathlib import Path

import pytest

import custlib
from custlib import rules
from custlib.identify.translation import pairs, translated

PACKAGE = Path(custlib.__file__).parent
PAIRS = list(pairs())
PLACE = re.compile(r"\{(\w+)\}")
OWN = [remark["en"] for remark in rules.load("remarks")["remark"]]
WRITTEN = "\n".join(
    re.sub(r'"\s+f?["\']|\'\s+f?["\']', "", path.read_text("utf-8"))
    for path in [*(PACKAGE / "identify").rglob("*.py"), PACKAGE / "rules" / "contract.toml"]
)


def an_example(english: str) -> str:
    """Fill the places of a remark with figures, and take the last of its choices."""
    filled = re.sub(r"<[^<>]*\|([^<>|]*)>", r"\1", english)
    filled = PLACE.sub(lambda place: f"7{len(place[1])}", filled)
    return filled.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[str(n) for n in range(len(PAIRS))])
def test_every_remark_is_recognised_and_keeps_its_values(english: str, chinese: str) -> None:
    assert set(PLACE.findall(chinese.replace("{{", "").replace("}}", ""))) <= set(
        PLACE.findall(english.replace("{{", "").replace("}}", ""))
    )
    said = translated(an_example(english), "zh")
    assert re.search("[\u3400-\u9fff]", said) and "{n}" not in said
    assert not re.search("[\u3400-\u9fff] ?[,;:?!]", said)


@pytest.mark.parametrize("english", OWN)
def test_the_words_of_a_remark_are_those_of_the_modules(english: str) -> None:
    plain = re.sub(r"<([^<>|]*)[^<>]*>", r"{}", english)
    clauses = [clause.strip(' "[]()') for clause in re.split(r"\{\w*\}|[.,:;] | = ", plain)]
    whole = [clause for clause in clauses if clause.count(" ") > 1]  # some are put together of parts
    assert sum(clause in WRITTEN for clause in whole) >= len(whole) / 2, whole


@pytest.mark.parametrize("kind", ["repair", "finding", "alike"])
def test_what_the_contract_says_is_said_in_chinese_too(kind: str) -> None:
    for entry in rules.load("contract")[kind]:
        assert {"what", "says"}.isdisjoint(entry) or {"what_zh", "says_zh"} & set(entry), entry["id"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "1 return (a negative or cancelled line) is netted, never a purchase",
            "1 行退货（金额为负或已取消），从收入中扣减，不计为购买",
        ),
        (
            "2 rows set aside: amount is missing. Correct the rows or leave them out",
            "剔除 2 行：缺少 amount。更正这些行，或不要导出",
        ),
        (
            "1 row removed: product is one of exclude_products. Nothing to do, or take the product out of "
            "exclude_products",
            "排除 1 行：product 列在 exclude_products 中。无需处理，或从 exclude_products 中删去该产品",
        ),
        ("columns ignored: city, age", "忽略的列：city, age"),
        ("columns ignored: a, b, c and 9,997 others", "忽略的列：a, b, c 等，另有 9,997 列"),
        (
            "customers: 25 customers of the list never bought: prospects, in no model and no segment",
            "customers：名单中有 25 位客户从未购买：属潜在客户，不进入任何模型和客群",
        ),
        (
            "1 order nets to nothing with a return (money 56.42): no purchase, as net_to_nothing says",
            "1 个订单与退货相抵为零（金额 56.42）：按 net_to_nothing 的设置，不计为购买",
        ),
        ("something that no module says", "something that no module says"),
    ],
)
def test_remarks_are_translated(english: str, chinese: str) -> None:
    assert (translated(english, "zh"), translated(english, "en")) == (chinese, english)
