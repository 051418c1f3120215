"""The engine of `gradus run KEY`: trains a system by its recipe, over several seeds, and writes the report.

```
runs/lenet/digits-1/
  config.json     what was requested
  seed-0/ …       what the recipe keeps of each seed: checkpoints, metrics.jsonl, gradient_norms.jsonl
  summary.json    model, data, settings, scores
  report.html     all of it, with the claims of every concept that the system stands on
```
"""

from gradus.running.named import system_of
from gradus.running.run import Outcome, run_system
from gradus.running.run_folder import past_runs

__all__ = ["Outcome", "past_runs", "run_system", "system_of"]
