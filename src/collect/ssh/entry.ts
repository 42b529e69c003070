/** The SSH part as a bundle of its own, which is loaded when the first SSH target is opened. */
export { connectSsh } from './connect.js';
export { listSshHosts } from './config/listHosts.js';
export { fileHostKeyStore } from './hostKeyStore.js';
export { thisMachine } from './machine.js';
