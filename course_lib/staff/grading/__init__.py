"""From what a student handed in to marks, a gradebook, a list and feedback."""
