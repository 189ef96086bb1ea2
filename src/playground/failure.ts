/** What is said of a worker that failed. */

/** Why it failed, by its error; that of a script which could not be loaded says nothing. */
export function failureOf({ message }: ErrorEvent): string {
  return message || 'its script could not be loaded. Reload the page.';
}
