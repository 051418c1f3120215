"""Networks trained with NumPy alone: how, on what, and what is shown."""
