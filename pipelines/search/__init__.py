"""Searching photographs and texts: vectors on disk, and the nearest of them."""
