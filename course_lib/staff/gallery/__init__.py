"""One page with every student's drawing, and the marks that a person gives on it.

`page` writes it, `marks` takes what was given on it into the gradebook; `blind` keeps apart who
drew what. The page works from a file, without a network.
"""
