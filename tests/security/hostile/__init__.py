"""Bad clients of mixed kinds, in a process of their own, against a server that serves good ones meanwhile."""
