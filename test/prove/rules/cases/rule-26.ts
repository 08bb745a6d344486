import { rule26 } from '../rule-26.ts';
import type { Cases } from './cases.ts';
import type { JsonObject } from '../../../../src/lang/json.ts';

const budget = (allowed: JsonObject): JsonObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { ...allowed, selector: { matchLabels: { app: 'web' } } },
});

export const cases: Cases = {
  rule: rule26,
  passes: {
    'an eviction that leaves enough': (h) => {
      h.rollout({ canary: {} })
        .version('v1', 3)
        .create(budget({ minAvailable: 2 }))
        .remove('Pod', 'web-v1-0', 'sluice', 'eviction');
    },
    'an eviction within what may be unavailable': (h) => {
      h.rollout({ canary: {} })
        .version('v1', 3)
        .create(budget({ maxUnavailable: '34%' }))
        .remove('Pod', 'web-v1-0', 'sluice', 'eviction');
    },
    'a pod that Git has no more': (h) => {
      const annotations = { 'argocd.argoproj.io/tracking-id': 'side:/Pod:shop/debug' };
      h.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'debug', annotations } }, 'sluice');
      h.remove('Pod', 'debug');
    },
  },
  breaks: {
    'a pod is deleted': (h) => {
      h.rollout({ canary: {} }).version('v1', 3).remove('Pod', 'web-v1-0');
    },
    'an eviction beyond what may be unavailable': (h) => {
      h.rollout({ canary: {} })
        .version('v1', 3, 2)
        .create(budget({ maxUnavailable: 1 }))
        .remove('Pod', 'web-v1-0', 'sluice', 'eviction');
    },
    'an eviction below the budget': (h) => {
      h.rollout({ canary: {} })
        .version('v1', 3)
        .create(budget({ minAvailable: 3 }))
        .remove('Pod', 'web-v1-0', 'sluice', 'eviction');
    },
  },
};
