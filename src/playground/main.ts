/// <reference types="vite/client" />
/**
 * The shell of the playground: a tab for every room there is, chosen by the hash (`#watch`, `#lessons`, ...), and the room it names. What
 * follows a `?` in the hash is the room's own.
 */

import type { Room } from './room.ts';

/** Rooms in the order of their tabs; those whose file is not there have none. */
const names = { watch: 'Watch', lessons: 'Lessons', digits: 'Digits', race: 'Race' } as const;
type Name = keyof typeof names;

const found = import.meta.glob<{ mount: Room }>('./rooms/*.ts');
const rooms = (Object.keys(names) as Name[]).filter((name) => `./rooms/${name}.ts` in found);

const root = document.querySelector<HTMLElement>('#room')!;
const tabs = document.querySelector<HTMLElement>('#tabs')!;
const links = rooms.map((name) => {
  const link = document.createElement('a');
  link.href = `#${name}`;
  link.textContent = names[name];
  link.className = 'tab';
  return link;
});
tabs.append(...links);
// A single tab is nothing to choose from.
tabs.hidden = rooms.length < 2;

let here: Name | undefined;
let leave = (): void => undefined;

function named(hash: string): Name {
  const name = hash.slice(1).split('?')[0]!;
  return rooms.find((room) => room === name) ?? 'watch';
}

async function open(): Promise<void> {
  const name = named(location.hash);
  if (name === here) return;
  here = name;
  leave();
  leave = () => undefined;
  rooms.forEach((room, i) => {
    if (room === name) links[i]!.setAttribute('aria-current', 'page');
    else links[i]!.removeAttribute('aria-current');
  });
  try {
    const { mount } = await found[`./rooms/${name}.ts`]!();
    // Another tab may have been chosen while this one came.
    if (here !== name) return;
    // A link within the room that is left goes with it: the new room has the focus then, and begins at its top.
    const within = root.contains(document.activeElement);
    root.replaceChildren();
    document.title = `${names[name]} · nabla playground`;
    leave = mount(root);
    if (!within) return;
    root.focus({ preventScroll: true });
    scrollTo(0, 0);
  } catch (error) {
    root.textContent = `This room could not be opened: ${String(error)}`;
  }
}

// The link that skips the tabs names an element, and the hash is for rooms.
document.querySelector('.skip')!.addEventListener('click', (event) => {
  event.preventDefault();
  root.focus();
});
addEventListener('hashchange', () => void open());
void open();
