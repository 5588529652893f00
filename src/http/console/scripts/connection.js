// Shows in grey, in red and in the title that the receiver does not answer, until it answers again.

import { timeNow } from './times.js';

const title = document.title;

const notice = document.createElement('p');
notice.className = 'no-answer';
notice.setAttribute('role', 'alert');

/** Returns why a response cannot be shown, in words for the reader. */
export function failureOf(response) {
  if (response.status === 401) return 'You are logged out. Load the page again to log in.';
  if (response.status === 404) return 'What this page shows is no longer there.';
  return `The receiver answered with status ${response.status}.`;
}

export const connection = {
  isLost: false,

  /** @param reason what the receiver answered; nothing if it did not. */
  lose(reason = `No response since ${timeNow()}.`) {
    if (this.isLost) return;
    this.isLost = true;
    // Screen readers announce the text once, because it is written once.
    notice.textContent = `${reason} The page shows what was known then, and tries again.`;
    document.querySelector('main').before(notice);
    document.documentElement.classList.add('lost');
    document.title = `No answer · ${title}`;
  },

  recover() {
    if (!this.isLost) return;
    this.isLost = false;
    notice.remove();
    document.documentElement.classList.remove('lost');
    document.title = title;
  },
};
