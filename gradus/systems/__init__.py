"""The recipes: `<area>/<key>.py` says how a concept is trained as a system, on which data, and what it must reach.

A recipe is the attribute RECIPE of that file, or of the package of that name; no page imports one.
"""

from gradus.systems.contract import Fitting, Option, Recipe, SeedRequest
from gradus.systems.finding import keys, recipe_of

__all__ = ["Fitting", "Option", "Recipe", "SeedRequest", "keys", "recipe_of"]
