"""`python -m tests.openai_server [PEM]`: prints the address for orders and the one for clients, then serves.

With PEM, a file with a key and its certificate, clients are served over TLS.
"""

import sys
import threading

from .server import serve

control, clients = serve(*sys.argv[1:])
threading.Thread(target=control.serve_forever, daemon=True).start()
for server, scheme in ((control, "http"), (clients, "https" if sys.argv[1:] else "http")):
    print(f"{scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
clients.serve_forever()
