// Stands in for lib/umbral/curve/choose-backend.ts where the suites run on the other backend.
import { noble } from '../../lib/umbral/curve/noble.ts';

export const chosen = { backend: noble, name: 'noble' } as const;
