import { TransportError } from '../collect/transport.js';
import { UserError } from './rpc.js';

/** Turns what the transports throw into what a person is told; anything else stays as it is. */
export function forPeople(error: unknown): unknown {
  return error instanceof TransportError ? new UserError(error.message, error.how) : error;
}
