"""Sick networks are found, healthy ones raise no alarm; over all of them precision and recall are what the docs say."""

import re
from pathlib import Path

import healthy_networks  # noqa: F401  (the files fill the tables)
import healthy_relatives  # noqa: F401
import pytest
import sick_data  # noqa: F401
import sick_leaks  # noqa: F401
import sick_losses  # noqa: F401
import sick_structure  # noqa: F401
import sick_training  # noqa: F401
import sick_weights  # noqa: F401
from planted_faults import HEALTHY, SICK

from gradus import examine
from gradus.catalogue import entries

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = ["anatomy", "data", "outputs", "signals", "gradients", "generalisation", "calibration"]
# checks of one section, in which the others need not be run
ALONE = {
    "step": ("step-", "decay-", "setting-"),
    "data": ("data-", "label", "inputs-scale", "feature-", "held-out-", "classes-", "samples-repeated"),
    "outputs": ("nll-", "targets-no", "outputs-dropped", "softmax-", "sigmoid-", "loss-reversed"),
}


def alarms(case, sections=None):
    return {v.check for v in examine(**case, sections=sections).verdicts if v.level != "note"}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_network_raises_no_alarm(name):
    assert alarms(HEALTHY[name].make(), QUICK) == set()


@pytest.mark.parametrize("name", SICK)
def test_a_sick_network_is_found(name):
    planted = SICK[name]
    sections = next(([name] for name, starts in ALONE.items() if planted.checks[0].startswith(starts)), QUICK)
    assert alarms(planted.make(), sections) & set(planted.checks)


@pytest.mark.slow
def test_precision_and_recall_with_all_sections():
    """A healthy network with an alarm counts against precision, a sick one that is not found against recall."""
    false = [name for name, planted in HEALTHY.items() if alarms(planted.make())]
    missed = [name for name, planted in SICK.items() if not alarms(planted.make()) & set(planted.checks)]
    found = len(SICK) - len(missed)
    precision, recall = found / (found + len(false)), found / len(SICK)
    assert (precision, recall) == (1, 1), f"false alarms: {false}; missed: {missed}"


def test_the_docs_count_them():
    text = (ROOT / "docs" / "examination.md").read_text(encoding="utf-8")
    assert re.search(rf"{len(SICK)} sick networks and {len(HEALTHY)} healthy ones", text)
    named = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    assert {check for planted in SICK.values() for check in planted.checks} == named
    assert len(SICK) >= 25 and len(HEALTHY) >= 15


def test_the_pages_of_the_verdicts_exist():
    keys = {e.key for e in entries()}
    folder = ROOT / "gradus" / "examination"
    source = "".join(p.read_text(encoding="utf-8") for p in folder.glob("*.py"))
    named = re.findall(r'\n\s+\(((?:"[a-z-]+",? ?)+)\),?\n\s+\)', source) + re.findall(
        r'_checks", \(([^)]*)\)', source
    )
    found = {key for group in named for key in re.findall(r'"([a-z-]+)"', group)}
    assert len(found) > 20 and found <= keys
