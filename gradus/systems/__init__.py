"""The recipes: `<area>/<key>.py` says how a concept is trained as a system, on which data, and what it must reach.

A recipe is the attribute RECIPE of that file, or of the package of that name; no page imports one. A system that no
page is called after says in `about` which pages teach it.
"""

from gradus.systems.contract import Fitting, Option, Recipe, SeedRequest
from gradus.systems.finding import keys, recipe_of
from gradus.systems.system import System

__all__ = ["Fitting", "Option", "Recipe", "SeedRequest", "System", "keys", "recipe_of"]
