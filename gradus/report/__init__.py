"""One HTML report from evidence, figures and metrics."""

from gradus.data.summary import DataSummary
from gradus.report.charts import Chart, Series, accuracy_curves, gradient_norms, loss_curves
from gradus.report.comparison import Comparison, comparison_rows
from gradus.report.concept_page import page_html, write_page
from gradus.report.confusion import confusion_matrix
from gradus.report.dossier import Dossier, dossier
from gradus.report.material import SeedResult, pictures_over_seeds
from gradus.report.page import report_html, write_report
from gradus.report.pictures import Picture, feature_maps, filters, wrong_images
from gradus.report.summary import Layer, RunSummary, environment, layers_of
from gradus.report.tables import table

__all__ = [
    "Chart",
    "Comparison",
    "DataSummary",
    "Dossier",
    "Layer",
    "Picture",
    "RunSummary",
    "SeedResult",
    "Series",
    "accuracy_curves",
    "comparison_rows",
    "confusion_matrix",
    "dossier",
    "environment",
    "feature_maps",
    "filters",
    "gradient_norms",
    "layers_of",
    "loss_curves",
    "page_html",
    "pictures_over_seeds",
    "report_html",
    "table",
    "write_page",
    "write_report",
    "wrong_images",
]
