#!/usr/bin/env bash
# pycocotools 2.0.11, COCOeval
# One would guess: the id of an annotation is a name; any distinct whole numbers do, 0 as well.
# Seen: the evaluation keeps the id of the matched annotation and takes 0 for "no match". A perfect detection of the
#   annotation with id 0 counts as a false positive: average precision 0 where it is 1.
# Why it matters: a data set converted by enumerate() starts at 0; with many boxes one only is lost, so that the
#   figure is a little too low for ever and nobody looks.
# What to do: number annotations from 1, and compare with 1 by a tolerance (a perfect detector scores
#   0.9999999999999998).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile pycocotools==2.0.11 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import contextlib
import io

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def average_precision(identity):
    box = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 4]}
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": 1, "width": 8, "height": 8}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{**box, "id": identity, "area": 16, "iscrowd": 0}],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes([{**box, "score": 0.9}]), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


seen = {identity: average_precision(identity) for identity in (0, 1, 7)}
print("pycocotools 2.0.11: average precision of a perfect detector by the annotation's id:", seen)
assert seen[0] == 0.0, "annotation 0 is matched now"
assert abs(seen[1] - 1) < 1e-12 and abs(seen[7] - 1) < 1e-12
PYTHON
