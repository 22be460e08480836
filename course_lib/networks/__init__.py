"""Neural networks: dense ones and their optimizers by hand, convolution by hand, builders, probes.

Taught in parts 02 and 03. Later rooms use the builders and the probes.
"""
