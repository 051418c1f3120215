"""Closed-form steps for plain chains of layers: what a graph costs small networks on a processor is left out."""

from gradus.training.closed_form.sequence import Chain, chain_of, hooked

__all__ = ["Chain", "chain_of", "hooked"]
