"""How fast it is, beside what people would pick instead: `make bench`."""
