import { msg, type Message } from '../message.js';
import type { Place } from './types.js';

const TITLES: Readonly<Record<Place, Message>> = {
  'sender-application': msg('in the sender’s application'),
  'sender-host': msg('on the sender’s host'),
  path: msg('on the path'),
  'receiver-host': msg('on the receiver’s host'),
  'receiver-application': msg('in the receiver’s application'),
  none: msg('nowhere'),
  unknown: msg('cannot tell'),
};

/** Where a flow loses, in the words of a person. */
export function placeTitle(place: Place): Message {
  return TITLES[place];
}
