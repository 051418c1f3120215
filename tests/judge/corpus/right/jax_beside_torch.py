"""JAX functions in a file that imports torch as well: the file says nothing about the function's framework."""

import functools

import jax
import jax.numpy as jnp
import torch.nn as nn

# softmax: JAX's own function
softmax_jax = jax.nn.softmax

# relu: compiled
relu_jit = jax.jit(lambda x: jnp.maximum(x, 0))


# what the next one remembers for each shape
@functools.cache
def ones(shape, dtype):
    return jnp.ones(shape, dtype)


# relu: remembers an array for each shape
def relu_remembering_ones(x):
    return jnp.maximum(x, 0) * ones(x.shape, x.dtype)


# silu: JAX's own function
silu_jax = jax.nn.silu


# gelu: the exact one
@jax.jit
def gelu_jit(x):
    return jax.nn.gelu(x, approximate=False)


# mse: compiled
@jax.jit
def mse_jax(y_hat, y):
    return jnp.mean((y_hat - y) ** 2)


# softplus: JAX's own function under a lambda
softplus_jax = lambda x: jax.nn.softplus(x)

# sigmoid: a torch module in the same file
sigmoid_torch = nn.Sigmoid()


# attention: einsum in JAX
def attention_jax(Q, K, V, causal=False, scale=None):
    scale = Q.shape[-1] ** -0.5 if scale is None else scale
    scores = jnp.einsum("...nd,...md->...nm", Q, K) * scale
    if causal:
        scores = jnp.where(jnp.tril(jnp.ones(scores.shape[-2:], bool)), scores, -jnp.inf)
    return jax.nn.softmax(scores, -1) @ V
