"""The HTTP service of `sightgraph serve`, docs/service.md; needs the extra `serve`."""
