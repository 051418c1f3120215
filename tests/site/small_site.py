"""The concepts of the small site that the tests look at."""

KEYS = ("softmax", "entropy", "attention")
