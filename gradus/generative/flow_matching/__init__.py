"""Flow matching: velocities learnt along lines from noise to data, and followed."""
