"""The list of the claims that every concept with a definition gets; each is measured in the file of its subject."""

from __future__ import annotations

from gradus.page import Claim, Concept
from gradus.text import Text
from gradus.verify.universal.batches import accepts_batches, accepts_empty_batch
from gradus.verify.universal.cases import Measure
from gradus.verify.universal.dependence import depends_on_every_entry
from gradus.verify.universal.directions import differentiated
from gradus.verify.universal.gradients import gradient_equals_definition
from gradus.verify.universal.inputs import accepts_strided, leaves_input_unchanged
from gradus.verify.universal.nonfinite import propagates_nonfinite
from gradus.verify.universal.precisions import equals_definition_in, keeps_dtype
from gradus.verify.universal.refusals import rejects_invalid
from gradus.verify.universal.tape import tape_gradient
from gradus.verify.universal.values import equals_definition

STATEMENTS = {
    "equals-definition": Text("equals its definition", "与定义相等"),
    "equals-definition-float32": Text("equals its definition in float32", "在 float32 下与定义相等"),
    "equals-definition-bfloat16": Text("equals its definition in bfloat16", "在 bfloat16 下与定义相等"),
    "depends-on-every-entry": Text(
        "depends on every entry of its arguments, and on nothing asked before",
        "依赖参数的每一项，而不依赖此前的调用",
    ),
    "keeps-dtype-and-device": Text("keeps dtype and device", "保持数据类型与设备"),
    "accepts-strided-input": Text("accepts non-contiguous input", "接受非连续内存的输入"),
    "leaves-input-unchanged": Text("does not change its input", "不改动输入"),
    "gradient-equals-definition": Text(
        "gradient equals the definition's, by complex step or finite differences",
        "梯度等于定义的复步长或有限差分导数",
    ),
    "tape-gradient": Text(
        "its gradient is what our own tape finds for the definition", "其梯度与自写梯度带对定义求得的一致"
    ),
    "accepts-batches": Text("a batch gives what its members give one by one", "批量计算与逐个计算一致"),
    "accepts-empty-batch": Text("an empty batch gives an empty result", "空批量得到空结果"),
    "propagates-nonfinite": Text(
        "NaN and ±∞ among the arguments give what the definition gives, or are refused",
        "参数含 NaN 与 ±∞ 时，结果与定义一致或被拒绝",
    ),
    "rejects-invalid-input": Text("rejects invalid input", "拒绝无效输入"),
}


def universal_claims(concept: Concept) -> list[Claim]:
    """The universal claims that apply to the concept."""
    measures: dict[str, Measure] = {
        "equals-definition": equals_definition(concept),
        "depends-on-every-entry": depends_on_every_entry(concept),
        "equals-definition-float32": equals_definition_in(concept, "float32"),
        "equals-definition-bfloat16": equals_definition_in(concept, "bfloat16"),
        "keeps-dtype-and-device": keeps_dtype(concept),
        "accepts-strided-input": accepts_strided(concept),
        "leaves-input-unchanged": leaves_input_unchanged(concept),
    }
    if concept.differentiable and differentiated(concept):
        measures["gradient-equals-definition"] = gradient_equals_definition(concept)
        measures["tape-gradient"] = tape_gradient(concept)
    if any(s.batched for s in concept.symbols):
        measures["accepts-batches"] = accepts_batches(concept)
        measures["accepts-empty-batch"] = accepts_empty_batch(concept)
    if concept.nonfinite:
        measures["propagates-nonfinite"] = propagates_nonfinite(concept)
    if concept.has("invalid"):
        measures["rejects-invalid-input"] = rejects_invalid(concept)
    return [Claim(name, STATEMENTS[name], measure, universal=True) for name, measure in measures.items()]
