"""Writes the remarks on a source in the language of a report: the sentence is recognised, and its numbers are kept.

Remarks are made, kept and printed in English. The same sentences in Chinese are data: ``rules/remarks.toml``, and
beside the English of each rule in ``rules/contract.toml`` and ``rules/registers.toml``.
"""

import re
from collections.abc import Iterator
from functools import cache

from custlib import rules

_PART = re.compile(r"\{(\w+)\}|<([^<>]*)>")
_COUNTED = re.compile(r"(\d) (?:rows?|lines?) ")
_SIDE_TABLES = ("customers", "invoices")


def translated(message: str, language: str) -> str:
    """Write a remark in a language; one that has no translation stays as it is.

    Examples
    --------
    >>> translated("153 returns (negative or cancelled lines) are netted, never a purchase", "zh")
    '153 行退货（金额为负或已取消），从收入中扣减，不计为购买'
    >>> translated("columns ignored: city", "en")
    'columns ignored: city'
    """
    if language == "en":
        return message
    table, colon, rest = message.partition(": ")
    if colon and table in _SIDE_TABLES:
        return f"{table}：{translated(rest, language)}"
    for pattern, template in _templates():
        if match := pattern.fullmatch(message):
            values = {name: _value(text or "") for name, text in match.groupdict().items()}
            return template.format_map(values)
    return message


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """List what a remark looks like, and its translation."""
    return [(re.compile(_pattern(english)), chinese) for english, chinese in pairs()]


def pairs() -> Iterator[tuple[str, str]]:
    """Give every remark with its translation, as ``rules/remarks.toml`` writes them; the longer of two comes first."""
    contract = rules.load("contract")
    for rule in (*contract["rule"], *rules.load("registers")["rule"]):
        what, remedy = (_escaped(rule[key]) for key in ("what", "remedy"))
        what_zh, remedy_zh = (_escaped(rule[f"{key}_zh"]) for key in ("what", "remedy"))
        done, done_zh = ("removed", "排除") if "action" in rule else ("set aside", "剔除")
        yield f"{{n}} <row|rows> {done}: {what}. {remedy}", f"{done_zh} {{n}} 行：{what_zh}。{remedy_zh}"
        yield (
            f"{{name}}: {what} in {{n}} of its {{rows}} rows, so it may be written in another way than the other "
            "inputs",
            f"{{name}}：{{rows}} 行中有 {{n}} 行{what_zh}，写法可能与其他输入不同",
        )
    for repair in contract["repair"]:
        yield f"{{n}} <row|rows> repaired: {_escaped(repair['what'])}", f"修正 {{n}} 行：{_escaped(repair['what_zh'])}"
    for finding in contract["finding"]:
        for key in ("says", "says_of_one"):
            if key in finding:
                yield f"{{n}} {_escaped(finding[key])}", f"{{n}} {_escaped(finding['says_zh'])}"
    for rule in contract["alike"]:
        says, says_zh = _escaped(rule["says"]), _escaped(rule["says_zh"])
        yield f"{{n}} ids {says}: each was left a customer of its own", f"{{n}} 个编号{says_zh}：仍各算一位客户"
        yield (
            f"ids {says} from those of purchases ({{n}}): not joined, write them alike in both",
            f"与购买数据中的编号{says_zh}（{{n}} 个）：未关联，请在两处写法一致",
        )
    yield from ((remark["en"], remark["zh"]) for remark in rules.load("remarks")["remark"])


def _escaped(words: str) -> str:
    """Write words of a rule so that their braces are no places of values."""
    return words.replace("{", "{{").replace("}", "}}")


def _pattern(english: str) -> str:
    """Write the regular expression of a remark: its values, its choices, and its words as they are."""
    pattern, last = "", 0
    for part in _PART.finditer(english):
        pattern += re.escape(english[last : part.start()])
        pattern += f"(?P<{part[1]}>.+?)" if part[1] else f"(?:{'|'.join(map(_pattern, part[2].split('|')))})"
        last = part.end()
    return (pattern + re.escape(english[last:])).replace(r"\{\{", r"\{").replace(r"\}\}", r"\}")


def _value(text: str) -> str:
    """Write a value of a remark, which may list texts with their rows."""
    for english, chinese in rules.load("remarks")["within"].items():
        text = text.replace(english, chinese)
    return _COUNTED.sub(r"\1 行 ", text)
