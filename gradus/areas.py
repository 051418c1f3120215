"""The areas of the roadmap, in the order in which they are shown."""

from __future__ import annotations

from gradus.text import Text

AREAS: dict[str, Text] = {
    "foundations": Text("Foundations", "基础"),
    "networks": Text("Networks", "神经网络"),
    "optimization": Text("Optimization", "优化"),
    "inference": Text("Inference", "推断"),
    "geometry": Text("Geometry", "几何"),
    "theory": Text("Theory", "理论"),
    "reinforcement": Text("Reinforcement learning", "强化学习"),
    "generative": Text("Generative models", "生成模型"),
    "vision": Text("Vision", "视觉"),
    "language": Text("Language", "语言"),
    "recommendation": Text("Recommendation", "推荐"),
    "paradigms": Text("Paradigms", "范式"),
}
