/**
 * The least that publishing with confirms can cost: hand-made AMQP frames on a socket. `POST /publish?messages=N&inFlight=M`
 * publishes N orders, at most M of them unconfirmed at a time, and answers when the last is confirmed.
 */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import {
  PROTOCOL_HEADER,
  frameReader,
  long,
  longString,
  methodFrame,
  publication,
  short,
  shortString,
} from './publisher.frames.ts';

const { PORT, RABBITMQ_HOST, RABBITMQ_PORT, RABBITMQ_USER, RABBITMQ_PASSWORD, RABBITMQ_VHOST } = process.env;

const order = Buffer.from('{"user_id":"20","number_of_items":"99","total_amount":"250"}');
const { bytes, idAt } = publication(ORDER_QUEUE, order);
/** Unique over all runs of this process and of others. */
const epoch = Date.now().toString(16).padStart(12, '0').slice(-12);

let [published, confirmed, goal] = [0, 0, 0];
let inFlightMax = 1;
let onDone: () => void = () => undefined;

function next(): Buffer {
  const message = Buffer.from(bytes);
  const count = (published += 1).toString(16).padStart(12, '0');
  message.write(`${epoch.slice(0, 8)}-${epoch.slice(8)}-7000-8000-${count}`, idAt, 'latin1');
  return message;
}

function publish(): void {
  const messages: Buffer[] = [];
  while (published < goal && published - confirmed < inFlightMax) messages.push(next());
  if (messages.length > 0) socket.write(Buffer.concat(messages));
}

const socket = connect({ host: RABBITMQ_HOST ?? '', port: Number(RABBITMQ_PORT), noDelay: true });
socket.write(PROTOCOL_HEADER);
socket.on('error', (error) => {
  throw error;
});
socket.on(
  'data',
  frameReader((method, args) => {
    switch (method) {
      case '10.10': {
        const credentials = longString(`\0${RABBITMQ_USER}\0${RABBITMQ_PASSWORD}`);
        socket.write(methodFrame(0, [10, 11], long(0), shortString('PLAIN'), credentials, shortString('en_US')));
        break;
      }
      case '10.30':
        socket.write(methodFrame(0, [10, 31], short(1), long(args.readUInt32BE(2)), short(0)));
        socket.write(methodFrame(0, [10, 40], shortString(RABBITMQ_VHOST ?? '/'), shortString(''), Buffer.from([0])));
        break;
      case '10.41':
        socket.write(methodFrame(1, [20, 10], shortString('')));
        break;
      case '20.11':
        socket.write(methodFrame(1, [85, 10], Buffer.from([0])));
        break;
      case '85.11':
        server.listen(Number(PORT), '127.0.0.1');
        break;
      case '60.80': {
        const tag = Number(args.readBigUInt64BE(0));
        // With "multiple" all up to the tag; without it the broker confirms them in an order of its own.
        confirmed = (args[8] ?? 0) & 1 ? Math.max(confirmed, tag) : confirmed + 1;
        if (confirmed >= goal) onDone();
        else publish();
        break;
      }
      case '60.50':
        throw new Error('an order was returned: the queue is missing');
      default:
        throw new Error(`the broker says ${method}: ${args.toString('latin1')}`);
    }
  }),
);

const server = createServer((request, response) => {
  const { searchParams, pathname } = new URL(request.url ?? '', 'http://localhost');
  if (pathname !== '/publish') {
    response.end('{}');
    return;
  }
  inFlightMax = Number(searchParams.get('inFlight'));
  goal = published + Number(searchParams.get('messages'));
  onDone = () => {
    onDone = () => undefined;
    response.end('{}');
  };
  publish();
});
