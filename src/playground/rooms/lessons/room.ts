/** What the room of lessons looks like and does: one lesson at a time, named by the address, its runs in a worker. */

import type { Room } from '../../room.ts';
import { button, element, panel } from '../../elements.ts';
import { failureOf } from '../../failure.ts';
import type { Drawn } from './chart.ts';
import { lessonNames, type LessonName, type News, type Order } from './messages.ts';
import { outcomeParts, verdict } from './outcome.ts';
import { address, lessons, type Lesson } from './texts.ts';

const link = (name: LessonName): string => `#lessons?lesson=${name}`;
const named = (): LessonName | undefined => lessonNames.find((name) => name === new URLSearchParams(location.hash.split('?')[1]).get('lesson'));

/** The lesson that was open, for when the tab is chosen again, and those that were answered, with whether rightly. */
let left: LessonName = 'chain';
const answered = new Map<LessonName, boolean>();

export const mount: Room = (root) => {
  let name = named() ?? left;
  let run = 0;
  let steps = 1;
  let chosen: number | undefined;
  let charts: readonly Drawn[] = [];
  let lesson: Lesson = lessons[name];

  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const links = lessonNames.map((one, i) => element('a', { className: 'button', href: link(one), title: lessons[one].title }, `${i + 1}`, element('span', { className: 'name' }, lessons[one].title), element('span', { className: 'mark' })));
  const score = element('p', { className: 'quiet score' });
  const setting = element('p', { className: 'setting' });
  const question = element('legend');
  const answers = element('fieldset', {}, question);
  const start = button('Run', () => go(1), { className: 'button main' });
  const again = button('Answer again', () => show(name, true));
  const status = element('p', { className: 'quiet status', attributes: { role: 'status' } });
  const problem = element('p', { className: 'problem', hidden: true, attributes: { role: 'alert' } });
  const said = element('p', { className: 'said' });
  // What is in a panel that only now comes into sight would not be said.
  const spoken = element('p', { className: 'spoken', attributes: { role: 'status' } });
  const found = element('div', { className: 'found' });
  const further = element('div', { className: 'row further' });
  const title = element('h2', { tabIndex: -1 });
  const asked = element('section', { className: 'panel asked', attributes: { 'aria-label': 'Question and prediction' } }, title, setting, answers, element('div', { className: 'row' }, start, again), status, problem, spoken);
  const happened = panel('What happened', 'happened', said, found, further);

  const inputs = (): HTMLInputElement[] => [...answers.querySelectorAll('input')];
  const mark = (): void => {
    lessonNames.forEach((one, i) => {
      const state = answered.get(one);
      if (one === name) links[i]!.setAttribute('aria-current', 'page');
      else links[i]!.removeAttribute('aria-current');
      links[i]!.querySelector('.mark')!.textContent = state === undefined ? '' : state ? '✓' : '✗';
    });
    score.textContent = answered.size === 0 ? 'First say what you expect, then see.' : `Predictions that were right: ${[...answered.values()].filter(Boolean).length} of ${answered.size}.`;
  };
  const choose = (i: number): void => {
    chosen = i;
    start.disabled = false;
    status.textContent = '';
  };
  const clear = (): void => {
    // What is under way is for nobody any more.
    run++;
    for (const chart of charts) chart.stop();
    charts = [];
    found.replaceChildren();
    further.replaceChildren();
    said.textContent = spoken.textContent = '';
    said.className = 'said';
    problem.hidden = true;
    happened.hidden = true;
  };
  const show = (next: LessonName, focus: boolean): void => {
    clear();
    name = left = next;
    lesson = lessons[name];
    chosen = undefined;
    steps = 1;
    title.textContent = lesson.title;
    setting.textContent = lesson.setting;
    question.textContent = lesson.question;
    answers.disabled = false;
    answers.replaceChildren(question, ...lesson.answers.map((text, i) => {
      const input = element('input', { type: 'radio', name: 'answer', value: String(i) });
      input.addEventListener('change', () => choose(i));
      return element('label', { className: 'choice' }, input, element('span', {}, text));
    }));
    start.disabled = true;
    start.hidden = false;
    again.hidden = true;
    status.textContent = 'Choose an answer to run it.';
    mark();
    if (focus) inputs()[0]!.focus();
  };
  const go = (count: number): void => {
    if (chosen === undefined) return;
    run++;
    steps = count;
    answers.disabled = true;
    start.disabled = true;
    status.textContent = 'Running …';
    problem.hidden = true;
    worker.postMessage({ run, lesson: name, steps } satisfies Order);
  };
  const goOn = (): void => {
    const following = lessonNames[lessonNames.indexOf(name) + 1];
    further.replaceChildren(
      ...(lesson.step === undefined ? [] : [button(lesson.step, () => go(steps + 1), { className: 'button step' })]),
      ...(lesson.watch === undefined ? [] : [element('a', { className: 'button watch-link', href: address(lesson.watch.state) }, lesson.watch.text)]),
      ...(following === undefined ? [] : [element('a', { className: 'button', href: link(following) }, `Next: ${lessons[following].title}`)]));
  };
  const fail = (sentence: string): void => {
    problem.textContent = sentence;
    problem.hidden = false;
    status.textContent = '';
    answers.disabled = false;
    start.disabled = chosen === undefined;
  };

  worker.onmessage = ({ data }: MessageEvent<News>) => {
    if (data.run !== run || chosen === undefined) return;
    if (data.type === 'problem') return fail(data.sentence);
    const { outcome } = data;
    for (const chart of charts) chart.stop();
    const made = outcomeParts(outcome);
    charts = made.charts;
    found.replaceChildren(...made.parts);
    happened.hidden = false;
    for (const chart of charts) chart.begin();
    status.textContent = `It took ${Math.max(1, Math.round(data.milliseconds))} ms.`;
    // A further step has no prediction of its own.
    if (steps === 1) {
      const { right, sentence } = verdict(outcome, lesson, chosen);
      said.textContent = spoken.textContent = sentence;
      said.className = `said ${right ? 'right' : 'wrong'}`;
      if (!answered.has(name)) answered.set(name, right);
      mark();
      // Before the button that was in use goes.
      again.hidden = false;
      if (document.activeElement === start || document.activeElement === document.body) again.focus({ preventScroll: true });
      start.hidden = true;
      goOn();
      said.scrollIntoView({ block: 'nearest' });
    }
  };
  worker.onerror = (event) => fail(`The worker of the lessons failed: ${failureOf(event)}`);

  /** The tab's own link names no lesson; the way back to this one needs its name. */
  const keepAddress = (): void => history.replaceState(null, '', link(name));
  const moved = (): void => {
    if (!location.hash.startsWith('#lessons')) return;
    const next = named();
    if (next === undefined) keepAddress();
    else if (next !== name) {
      // The link to the next lesson goes with what happened in this one.
      const within = further.contains(document.activeElement);
      show(next, false);
      if (within) title.focus();
    }
  };
  addEventListener('hashchange', moved);

  root.append(element('div', { className: 'lessons' },
    element('nav', { className: 'panel contents', attributes: { 'aria-label': 'Lessons' } }, score, element('ol', { className: 'tries' }, ...links.map((one) => element('li', {}, one)))),
    asked, happened));
  show(name, false);
  if (named() === undefined) keepAddress();

  return () => {
    removeEventListener('hashchange', moved);
    worker.terminate();
    for (const chart of charts) chart.stop();
  };
};
