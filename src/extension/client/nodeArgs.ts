/**
 * Arguments of the server's Node. Young objects get 2 MB instead of 16: what is held of a sample outlives them all anyway,
 * and both halves of that space count as memory of the process whether they are in use or not.
 */
export const SERVER_NODE_ARGS: readonly string[] = ['--max-semi-space-size=2'];
