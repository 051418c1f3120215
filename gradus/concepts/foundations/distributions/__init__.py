"""The standard probability distributions, one page each."""
