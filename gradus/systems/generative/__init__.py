"""Systems that generate: a model is trained, samples from it, and says how far its samples are from the data."""
