"""The exporter of nbconvert that makes the page of an executed notebook."""

from typing import Any

from nbconvert.exporters import Exporter

from custlib.report.page_html import render_page


class ReportExporter(Exporter):
    """Exports the blocks and prose of a notebook as one HTML page; everything else is dropped."""

    file_extension = ".html"
    output_mimetype = "text/html"
    export_from_notebook = "custlib report"

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, dict[str, Any]]:
        """Render the page; ``resources["custlib"]`` contains title, language, kind and links."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        return render_page(nb, **resources.get("custlib", {})), resources
