/**
 * A socket.io-client that a test drives from outside: one connection with default options, told over HTTP what to do.
 *
 * Prints {"port": …}; takes POST /<act> with a JSON body and answers with JSON: connect {url, token}, call {event, payload}
 * (the ack), fire {event, payload} (does not wait for the ack), cut {} (the network goes, without a word), events {}.
 */
import { createServer } from "node:http";
import { io } from "socket.io-client";

let socket = null;
let events = [];

const acts = {
  async connect({ url, token }) {
    events = [];
    socket = io(`${url}/chat`, { auth: { token }, forceNew: true, reconnection: false });
    socket.onAny((name, payload) => events.push([name, payload]));
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  },
  call: ({ event, payload }) => socket.timeout(20_000).emitWithAck(event, payload),
  fire({ event, payload }) {
    socket.emit(event, payload, () => undefined);
  },
  cut() {
    const { transport } = socket.io.engine;
    transport.ws?.terminate?.();
    socket.io.engine.close();
  },
  events: () => events,
};

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  try {
    const answer = await acts[request.url.slice(1)](JSON.parse(body || "{}"));
    response.end(JSON.stringify(answer ?? null));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
