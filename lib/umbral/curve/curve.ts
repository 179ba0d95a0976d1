// The choice of the backend: everything in this folder reaches the curve through here.
import type { Backend } from './backend.ts';
import { chosen, type Choice } from './choose-backend.ts';

const { backend, ...choice } = chosen;

export const curve: Backend = backend;

/** What was chosen, and why if it is not the kernel: for whoever keeps a log. */
export const curveChoice: Omit<Choice, 'backend'> = choice;
