import { rule14 } from '../rule-14.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const LABELS = { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'Step', 'step-index': '0' };
const pause = (startTime: string): { reason: string; startTime: string }[] => [
  { reason: 'CanaryPauseStep', startTime },
];
const update = (h: Hand): Hand =>
  h
    .rollout(
      nginxWith({
        steps: [{ setWeight: 20 }, { pause: { duration: 60 } }, { setWeight: 50 }, { pause: {} }],
      }),
    )
    .status({ currentPodHash: 'v2', currentStepIndex: 0, phase: 'Progressing' })
    .wait(60);

export const cases: Cases = {
  rule: rule14,
  passes: {
    'step by step, with its pause': (h) => {
      update(h)
        .status({ currentStepIndex: 1, pauseConditions: pause('t1') })
        .wait(60);
      h.status({ currentStepIndex: 2, pauseConditions: null });
    },
    'a person resumes early': (h) => {
      update(h)
        .status({ currentStepIndex: 1, pauseConditions: pause('t1') })
        .wait(10);
      h.status({ pauseConditions: null }, 'person').status({ currentStepIndex: 2 });
    },
    'an abort goes back to the first step': (h) => {
      update(h)
        .status({ currentStepIndex: 1 })
        .status({ abort: true }, 'person')
        .status({ currentStepIndex: 0 });
    },
    'a new run after an inconclusive one': (h) => {
      update(h).run('run', LABELS, { phase: 'Inconclusive' }).wait(9).run('again', LABELS);
    },
  },
  breaks: {
    'a step is skipped': (h) => {
      update(h).status({ currentStepIndex: 2 });
    },
    'a step is repeated': (h) => {
      update(h).status({ currentStepIndex: 1 }).status({ currentStepIndex: 0 });
    },
    'a pause is cut short': (h) => {
      update(h)
        .status({ currentStepIndex: 1, pauseConditions: pause('t1') })
        .wait(50);
      h.status({ currentStepIndex: 2, pauseConditions: null });
    },
    'a pause begins anew': (h) => {
      update(h)
        .status({ currentStepIndex: 1, pauseConditions: pause('t1') })
        .wait(10);
      h.status({ pauseConditions: pause('t2') });
    },
    'a second run': (h) => {
      update(h).run('run', LABELS).wait(9).run('again', LABELS);
    },
    'a second revert': (h) => {
      for (const sha of ['c2', 'c3'])
        h.tell({ what: 'commit', at: h.now, by: 'sluice', repository: 'r', sha, reverts: 'c1' });
    },
  },
};
