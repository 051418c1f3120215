"""The recipes: `<area>/<key>.py` says how a concept is trained as a system, on which data, and what it must reach."""
