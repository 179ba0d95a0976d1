// Exports the chosen backend. The files of lib/umbral import the curve from here and from nowhere else.
import type { Backend } from './backend.ts';
import { chosen, type Choice } from './choose-backend.ts';

const { backend, ...choice } = chosen;

export const curve: Backend = backend;

/** The name of the chosen backend, and the reason if it is not the kernel. Callers that keep a log write both to it. */
export const curveChoice: Omit<Choice, 'backend'> = choice;
