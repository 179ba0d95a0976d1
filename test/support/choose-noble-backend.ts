// Replaces lib/umbral/curve/choose-backend.ts, so that the suites run on noble.
import { noble } from '../../lib/umbral/curve/noble.ts';

export const chosen = { backend: noble, name: 'noble' } as const;
