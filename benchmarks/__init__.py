"""Ours beside the peers, alternately, in one run; `python -m benchmarks` runs all, `python -m benchmarks NAME` one."""
