"""The Ising model: of any graph, on strips and tori row by row, of the plane in closed form, and by draws."""
