// The choice of the backend: everything in this folder reaches the curve through here.
import type { Backend } from './backend.ts';
import { chosen } from './choose.ts';

export const curve: Backend = chosen.backend;
