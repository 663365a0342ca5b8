/** One port before several: `balancer.ts PORT,PORT…` gives each new connection to the next, as a Service of Kubernetes does. */
import { connect, createServer } from 'node:net';

const ports = (process.argv[2] ?? '').split(',').map(Number);
let next = 0;

createServer({ noDelay: true }, (client) => {
  const server = connect({ port: ports[next++ % ports.length] ?? 0, host: '127.0.0.1', noDelay: true });
  client.pipe(server).pipe(client);
  server.on('error', () => client.destroy());
  client.on('error', () => server.destroy());
}).listen(Number(process.env['PORT']), '127.0.0.1');
