/** The room where one draws a digit for a network to read: one that learns to in the page, or one out of a file. */

export { mount } from './digits/room.ts';
