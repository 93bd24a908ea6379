"""A checker of the promise in docs/guarantees.md, for any running installation: `make check-delivery URL=http://…`.

It knows the protocol and nothing of the server: people with raw Socket.IO connections talk, and every send and every
receipt is written down (journal); then everything is read once more (truth), and the two are held against each other
(checks). Standard library only; PostgreSQL's driver if a DATABASE_URL of that kind is given.
"""
