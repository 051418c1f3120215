"""Gaussian processes: kernels, the posterior, the evidence and leave-one-out, all of them differentiable."""
