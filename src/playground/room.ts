/** What a room of the playground is: a part of the page that is there while its tab is chosen. */

/** Fills an element with the room; what it returns takes the room down again: workers stop, listeners go. */
export type Room = (root: HTMLElement) => () => void;
