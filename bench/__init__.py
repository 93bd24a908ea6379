"""`make bench`: the product and what people would pick instead, measured in turn on this machine.

    __main__.py      the options, and what is measured in which order
    workloads.py     what is sent: connections, rooms, senders, messages in flight
    claims.py        what must be reached, and what is wished
    fanout.py        deliveries a second, and the latency at half of Node's top load
    idle.py          connections a second, memory a connection, a crowd of ten thousand
    storing.py       durable messages a second; two workers against one
    growth.py        a page of history and a search, in small rooms and in huge ones
    answers.py       an assistant's answer on its way to a thousand members
    pen.py           the model that writes, a process of its own
    writing.py       what is added before a first word; talk beside two hundred answers
    generator.py     builds and drives wsload.c, which opens the connections
    processes.py     starts and ends programs, each on its processor
    product.py       the product as it is measured
    peer_servers.py  the others, and how they are installed; their programs are in peers/
    databases.py     PostgreSQL and Redis for a run
    book.py          the figures, medians, and the file they are kept in
    report.py        the tables
    plot.py          the picture

Results are figures, not gates: whatever comes out, the command ends with 0.
"""
