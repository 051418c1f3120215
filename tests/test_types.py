"""The shapes in the library's annotations are true: checked at run time on every page's cases, in a process of its own."""

import subprocess
import sys

SCRIPT = """
from jaxtyping import install_import_hook
packages = ["gradus.foundations", "gradus.generative", "gradus.networks", "gradus.optimization", "gradus.vision"]
with install_import_hook(packages, "beartype.beartype"):
    import numpy as np
    from gradus.catalogue import load
    from gradus.frameworks import adapt
    from gradus.page.not_applicable import NotApplicable
    calls = 0
    for concept in load():
        for implementation in concept.implementations:
            if not implementation.path.startswith("gradus."):
                continue
            adapted = adapt(concept, implementation)
            for label, arguments in concept.cases(np.random.default_rng(0)):
                try:
                    adapted(**arguments)
                    calls += 1
                except NotApplicable:
                    pass
print(calls)
"""


def test_annotated_shapes_hold_on_every_case():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.strip().splitlines()[-1]) > 20


def test_a_wrong_shape_is_caught():
    script = SCRIPT.split("    import numpy")[0] + (
        "    import torch\n    from gradus.networks.attention import online_attention\n"
        "    online_attention(torch.ones(3, 4), torch.ones(5, 3), torch.ones(5, 2))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "TypeCheckError" in done.stderr
