"""Videos: tracked objects, the temporal scene graph, its events, and questions over time."""
