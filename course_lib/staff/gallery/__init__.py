"""One page with every student's drawing, and the marks that a person gives on it."""
