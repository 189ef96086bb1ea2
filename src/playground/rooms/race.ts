/** The room where the same training runs on WebAssembly and on plain TypeScript, side by side. */

export { mount } from './race/room.ts';
