"""Normalising flows: distributions made of a simple one by maps that can be undone and know how they change volumes."""
