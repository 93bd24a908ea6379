// The same chat on Node's Socket.IO: rooms and nothing else, no sign-in, nothing stored.
const { createServer } = require('node:http');
const { Server } = require('socket.io');

const server = createServer();
const io = new Server(server);

io.on('connection', (socket) => {
  socket.on('join', (join, ack) => {
    socket.join(join.room);
    ack({ ok: true });
  });
  socket.on('message', (message, ack) => {
    io.to(message.room).emit('message', message);
    if (ack) ack({ ok: true });
  });
});

server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
