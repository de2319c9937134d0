"""Records of persons are counted by their five elements, and merged by nothing less."""

from pathlib import Path

import pytest

from custlib.commands.file_check import check_file
from custlib.commands.verdict import ACCEPTED, CAUTIONED, REFUSED
from custlib.errors import UsageError

HEADER = "source,source_id,name,sex,birth_date,doc_type,doc_number\n"
ANN = "Ann,F,1980-05-01,ID,000123\n"


def judged(folder: Path, rows: str, **options: str) -> tuple[str, dict[str, object], str]:
    file = folder / "people.csv"
    file.write_text(HEADER + rows)
    verdict, text = check_file(file, options=dict(options) or {"as_of": "2025-06-30"})
    return verdict.status, dict(verdict.record), text


def test_equal_in_all_five_is_one_person(tmp_path: Path) -> None:
    status, record, text = judged(tmp_path, f"CRM,1,{ANN}POS,9,{ANN}CRM,2,Bob,M,1981-01-01,ID,123\n")
    assert status == ACCEPTED
    assert (record["records"], record["persons"], record["conflicts"]) == (3, 2, 0)
    assert "Ann" not in text and "000123" not in text


def test_one_document_of_two_persons_is_a_conflict(tmp_path: Path) -> None:
    status, record, text = judged(tmp_path, f"CRM,1,{ANN}POS,9,Bea,F,1980-05-01,ID,000123\n")
    assert status == CAUTIONED
    assert (record["persons"], record["conflicts"]) == (2, 1)
    assert "conflict: 1 document " in text and "review them" in text


def test_a_birth_that_cannot_be_is_set_aside(tmp_path: Path) -> None:
    rows = "".join(f"CRM,{n},P{n},F,1980-01-01,ID,{n}\n" for n in range(9))
    status, record, _ = judged(
        tmp_path, rows + "CRM,9,Z,F,2099-01-01,ID,9\nCRM,10,Y,F,0000-00-00,ID,10\nCRM,11,X,F,,ID,11\n"
    )
    assert status == CAUTIONED
    assert record["reasons"] == {"birth_date_out_of_range": 1, "unreadable_birth_date": 1}
    assert (record["rows_used"], record["persons"]) == (10, 10)


def test_sexes_have_one_code(tmp_path: Path) -> None:
    rows = "CRM,1,A,female,1980-01-01,ID,1\nPOS,1,A,女,1980-01-01,ID,1\nCRM,2,B,x,1980-01-01,ID,2\n"
    _, record, text = judged(tmp_path, rows)
    assert (record["persons"], record["sex_recoded"], record["sex_unknown"]) == (2, 2, 1)
    assert "2 rows repaired: sex was written in other codes" in text


def test_numbers_that_lost_their_digits_are_refused(tmp_path: Path) -> None:
    status, _, text = judged(tmp_path, "CRM,1,A,F,1980-01-01,ID,1.10101E+17\n")
    assert status == REFUSED
    assert "doc_number is in scientific notation" in text


def test_options_of_purchases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="options: decimal: not of records of persons"):
        judged(tmp_path, f"CRM,1,{ANN}", decimal=",")


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    assert "no rows under the header" in judged(tmp_path, "")[2]
