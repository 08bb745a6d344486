/** The differences from the recordings that are on purpose; each names its row in docs/compat.md. */

import type { Explanation } from './differences.ts';

export const EXPLANATIONS: readonly Explanation[] = [
  {
    compat: 'The Rollout is not rewritten',
    scenario: /./,
    explains: ({ what }) => /^final Rollout\/.*\.resources: \{\} -> null$/.test(what),
  },
];
