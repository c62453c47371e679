"""Motion to face: our own head, and the rasterizer that draws it."""
