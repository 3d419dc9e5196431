"""Short videos of known events, as boxes and as pixels: who moves where, by a random script."""
