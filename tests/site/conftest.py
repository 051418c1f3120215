"""A small site, built once, and a browser to look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradus.catalogue import concept
from gradus.frameworks import adapt
from gradus.site import build_site
from gradus.verify import Report, judge
from gradus.verify.evidence_cache import remember
from gradus.verify.runner import MutantResult
from tests.site.small_site import KEYS

CHROMIUM = Path("/usr/bin/chromium")
CLAIMS = ("rows-sum-to-one", "causal-mask-leaks-nothing")


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """What is kept on this machine: some evidence of attention, none of the others."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADUS_DATA", str(folder))
        page = concept("attention")
        adapted = adapt(page, page.implementations[0])
        mutants = tuple(MutantResult(page, m, (), 0.0) for m in page.mutants.values())
        remember(Report(tuple(judge(page, page.claims[name], adapted) for name in CLAIMS), mutants))
        yield folder


@pytest.fixture(scope="session")
def site(data, tmp_path_factory):
    """The folder of a site of three concepts."""
    folder = tmp_path_factory.mktemp("site")
    build_site(folder, KEYS, processes=2, measure=False, show=False)
    return folder


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium by Playwright; what needs it is skipped, and says so, where one of them is absent."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A reader's tab: what went wrong in it, and where it tried to go."""

    def __init__(self, chromium, site, **options):
        self.context = chromium.new_context(**{"viewport": {"width": 1100, "height": 900}, **options})
        self.page, self.site = self.context.new_page(), site
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on(
            "console", lambda message: self.faults.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, file: str):
        """A file of the site, from disk."""
        self.page.goto(f"{self.site.as_uri()}/{file}")
        return self.page


@pytest.fixture
def visit(chromium, site):
    """Opens pages of the small site; at its end nothing may have gone wrong, and no request may have left the disk."""
    visits, unwatched = [], []

    def begin(watched=True, **options):
        one = Visit(chromium, site, **options)
        (visits if watched else unwatched).append(one)
        return one

    yield begin
    for one in (*visits, *unwatched):
        one.context.close()
    for one in visits:
        assert one.faults == []
        assert [url for url in one.requests if not url.startswith("file://")] == []
