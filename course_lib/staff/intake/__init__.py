"""What students handed in, in whatever shape it comes."""
