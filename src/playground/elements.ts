/** Elements of the page in one expression each: what rooms make their panels of. */

type Child = Node | string;
type Properties<Tag extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[Tag], 'style' | 'dataset' | 'attributes'>> & { attributes?: Record<string, string> };

/** An element with properties, attributes and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, { attributes = {}, ...properties }: Properties<Tag> = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A control below its name. */
export function field(name: string, control: HTMLElement, ...after: Child[]): HTMLLabelElement {
  return element('label', { className: 'field' }, element('span', { textContent: name }), control, ...after);
}

/** A button of the page's style. */
export function button(text: string, pressed: () => void, properties: Properties<'button'> = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', className: 'button', textContent: text, ...properties });
  made.addEventListener('click', pressed);
  return made;
}

/** A choice among values; `labels` says them to people where they differ. */
export function select<Value extends string>(values: readonly Value[], value: Value, chosen: (value: Value) => void, labels: Partial<Record<Value, string>> = {}): HTMLSelectElement {
  const options = values.map((name) => element('option', { value: name, textContent: labels[name] ?? name, selected: name === value }));
  const made = element('select', {}, ...options);
  made.addEventListener('change', () => chosen(made.value as Value));
  return made;
}

/** A number to type or step; what is not one, or out of range, goes back to what was there. */
export function number(value: number, range: { min: number; max: number; step: number }, chosen: (value: number) => void): HTMLInputElement {
  let held = value;
  const made = element('input', { type: 'number', min: String(range.min), max: String(range.max), step: String(range.step), value: String(value) });
  made.addEventListener('change', () => {
    const typed = made.valueAsNumber;
    if (Number.isFinite(typed) && typed >= range.min && typed <= range.max) {
      held = typed;
      chosen(typed);
    } else made.value = String(held);
  });
  return made;
}

/** A part of the page with a heading. */
export function panel(title: string, className: string, ...children: Child[]): HTMLElement {
  const heading = element('h2', { textContent: title });
  return element('section', { className: `panel ${className}`, attributes: { 'aria-label': title } }, heading, ...children);
}
