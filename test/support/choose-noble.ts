// Stands in for lib/umbral/choose.ts where the suites run on the other backend.
import { noble } from '../../lib/umbral/noble.ts';

export const chosen = { backend: noble, name: 'noble' } as const;
