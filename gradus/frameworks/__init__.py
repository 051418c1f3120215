"""The frameworks that implementations are written in: arrays in, arrays out, whichever it is."""
