"""Where a student's code runs: walls around its kernel, and limits inside."""
