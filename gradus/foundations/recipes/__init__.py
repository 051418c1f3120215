"""How the concepts of this area are run as systems: for each a `RECIPE`, which its page carries, and a `train`."""
