"""The benchmark of segmentations runs small, and names every system."""

import pytest

from benchmarks import segmenting
from custlib.segment import registry


@pytest.mark.slow
def test_every_segmentation_is_timed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(segmenting, "RESULTS", tmp_path / "segmenting.md")
    monkeypatch.setattr("sys.argv", ["segmenting"])
    segmenting.main(2_000)
    page = (tmp_path / "segmenting.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in page for name in registry.names())
    assert "One fit of five clusters on" in page
    assert capsys.readouterr().out.strip() == page.strip()
