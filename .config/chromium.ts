/** The Chromium that pages are opened in: where it is, and how it is started so that it asks nothing of a network. */
import { existsSync } from 'node:fs';

/** Empty where there is none. */
export const executablePath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => path !== undefined && existsSync(path)) ?? '';

export const launchOptions = {
  executablePath,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};
