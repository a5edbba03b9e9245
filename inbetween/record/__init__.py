"""Records of films: everything that is needed to make them again, and the check that nothing has changed."""
