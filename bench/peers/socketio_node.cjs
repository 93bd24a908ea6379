// The same chat on Node's Socket.IO: rooms and nothing else, no sign-in, nothing stored. REDIS=url: with its Redis adapter.
const { createServer } = require('node:http');
const { Server } = require('socket.io');

async function adapter() {
  const { createClient } = require('redis');
  const { createAdapter } = require('@socket.io/redis-adapter');
  const publisher = createClient({ url: process.env.REDIS });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

async function main() {
  const server = createServer();
  const io = new Server(server, process.env.REDIS ? { adapter: await adapter() } : {});
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
  server.listen(Number(process.argv[2]), '127.0.0.1');
}

main();
