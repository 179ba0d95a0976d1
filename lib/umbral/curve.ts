// The choice of the backend: everything in this folder reaches the curve through here.
import type { Backend } from './backend.ts';
import { noble } from './noble.ts';

export const curve: Backend = noble;
