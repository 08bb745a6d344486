import { rule25 } from '../rule-25.ts';
import type { Cases } from './cases.ts';

export const cases: Cases = {
  rule: rule25,
  passes: {
    'each pod has its metadata': (h) => {
      h.rollout({ canary: { stableMetadata: { labels: { role: 'stable' } } } }).version('v1', 2);
      for (const i of [0, 1]) h.patch('Pod', `web-v1-${i}`, { metadata: { labels: { role: 'stable' } } });
      h.end();
    },
  },
  breaks: {
    'one pod was forgotten': (h) => {
      h.rollout({ canary: { stableMetadata: { labels: { role: 'stable' } } } }).version('v1', 2);
      h.patch('Pod', 'web-v1-0', { metadata: { labels: { role: 'stable' } } }).end();
    },
    'one pod is written for ever': (h) => {
      h.rollout({ canary: {} }).version('v1', 1);
      for (let i = 0; i < 21; i++) h.patch('Pod', 'web-v1-0', { metadata: { labels: { n: String(i) } } });
    },
  },
};
