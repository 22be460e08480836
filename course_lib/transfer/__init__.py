"""Transfer and embedding: what a trained network knows, used for other classes and for search.

Taught in part 04.
"""
