"""A user's code in a process of its own, with limits, its output captured, and every way of ending told apart."""
