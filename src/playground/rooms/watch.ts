/** The room where one watches a network learn, and swaps and breaks its derivatives. */

export { mount } from './watch/room.ts';
