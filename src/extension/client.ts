// The build keeps this import path as it is, so that the language client stays a bundle of its own, loaded on demand.
export { createLink } from './client/entry.js';
