"""A small catalogue, its evidence, one run, and the report that is made of them."""

import pytest
from small_report import concept, make_figures, make_run, results_of

from gradus.catalogue import Catalogue
from gradus.report import report_html
from gradus.report import topic as topic_module
from gradus.verify import MutantResult, Report


@pytest.fixture(scope="module")
def parts():
    return [concept(f"part-{i}", "foundations") for i in range(3)]


@pytest.fixture(scope="module")
def system(parts):
    made = concept("net", "vision")
    made.needs = tuple(c.key for c in parts)
    return made


@pytest.fixture(scope="module")
def catalogue(parts, system):
    """A small catalogue in place of the real one."""
    known = Catalogue({c.key: c for c in [*parts, system]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topic_module, "load", lambda: known)
        yield known


@pytest.fixture(scope="module")
def evidence(parts, system):
    mutants = [MutantResult(c, m, (), 0.1) for c in [system, *parts] for m in c.mutants.values()]
    return Report(tuple(r for c in [*parts, system] for r in results_of(c)), tuple(mutants))


@pytest.fixture(scope="module")
def run():
    return make_run(("0", "1", "2"))


@pytest.fixture(scope="module", params=["en", "zh"])
def lang(request):
    return request.param


@pytest.fixture(scope="module")
def html(system, run, evidence, lang):
    return report_html(system, run, evidence, make_figures(run.data.classes), lang)
