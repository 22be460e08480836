"""For instructors and CI; notebooks never import it."""
