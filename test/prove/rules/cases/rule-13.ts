import { rule13 } from '../rule-13.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const begin = (h: Hand): Hand =>
  h
    .rollout(nginxWith({ steps: [{ setWeight: 20 }, { setWeight: 50 }] }), {
      rollbackWindow: { revisions: 3 },
    })
    .status({ currentPodHash: 'v2', currentStepIndex: 0, phase: 'Progressing' });
const bad = (h: Hand): Hand =>
  begin(h).run(
    'run',
    { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'Background' },
    { phase: 'Failed' },
  );
const back = (h: Hand): Hand => {
  if (h.watch.scene.rollout('shop/web') === undefined) begin(h);
  return h.wait(60).status({ currentPodHash: 'v3', currentStepIndex: 0 }).wait(60);
};

export const cases: Cases = {
  rule: rule13,
  passes: {
    'back to a good one, at once': (h) => {
      back(h).status({ currentPodHash: 'v2', currentStepIndex: 2 });
    },
    'back to a bad one, through the steps': (h) => {
      back(bad(h))
        .status({ currentPodHash: 'v2', currentStepIndex: 0 })
        .wait(1)
        .status({ currentStepIndex: 1 });
      h.wait(1).status({ currentStepIndex: 2 });
    },
  },
  breaks: {
    'back to a bad one, at once': (h) => {
      back(bad(h)).status({ currentPodHash: 'v2', currentStepIndex: 2 });
      h.wait(1).status({ currentStepIndex: 0 }).status({ currentStepIndex: 2 });
    },
  },
};
