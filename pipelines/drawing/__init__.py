"""Pictures from text: text -> scene graph -> layout of boxes -> drawing."""
