// Bun's own WebSocket publish and subscribe (uWebSockets, in C++): raw frames, no Socket.IO, nothing stored.
const roomOf = (request) => new URL(request.url).pathname.split('/')[3];

Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  fetch(request, server) {
    const room = roomOf(request);
    if (room && server.upgrade(request, { data: { room } })) return undefined;
    return new Response('no', { status: 400 });
  },
  websocket: {
    open(socket) {
      socket.subscribe(socket.data.room);
      socket.send('{"type":"connection"}');
    },
    message(socket, text) {
      const { message } = JSON.parse(text);
      const event = JSON.stringify({ type: 'message', message });
      socket.publish(socket.data.room, event);
      socket.send(event);
    },
  },
});
