/** The room of lessons: a question, a prediction, a run, and what came of it. */

export { mount } from './lessons/room.ts';
