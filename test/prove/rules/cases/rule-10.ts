import { rule10 } from '../rule-10.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX } from '../hand.ts';

const exceeded = {
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
};
const update = (h: Hand): Hand =>
  h
    .rollout(NGINX, { progressDeadlineSeconds: 120 }, { phase: 'Healthy', availableReplicas: 6 })
    .status({ phase: 'Progressing', currentPodHash: 'v2' });

export const cases: Cases = {
  rule: rule10,
  passes: {
    'it fires in time': (h) => {
      update(h).wait(120).status(exceeded).wait(300).begin().finish();
    },
    'a pause stops the clock': (h) => {
      update(h)
        .status({ pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 'x' }], phase: 'Paused' })
        .wait(900);
      h.begin().finish().status({ pauseConditions: null, phase: 'Progressing' }).wait(120).status(exceeded);
    },
    'progress starts it anew': (h) => {
      update(h)
        .wait(100)
        .status({ availableReplicas: 7 })
        .wait(100)
        .begin()
        .finish()
        .wait(20)
        .status(exceeded);
    },
    // Spec 01 section 6.1 counts what happens to the pods and the steps, and no word of a person.
    'a promotion in full that moves nothing is no progress': (h) => {
      update(h)
        .wait(100)
        .patch('Rollout', 'web', { status: { promoteFull: true } }, 'person', 'status');
      h.wait(20).status(exceeded);
    },
    'a spec that can not be carried out is no pause': (h) => {
      const invalid = [{ type: 'InvalidSpec', status: 'True' }];
      update(h).wait(20).status({ conditions: invalid, phase: 'Degraded' }).wait(95);
      h.status({ conditions: null, phase: 'Progressing' }).wait(5).status(exceeded);
    },
    'nor is a pause that it has among its steps': (h) => {
      const invalid = [{ type: 'InvalidSpec', status: 'True' }];
      update(h).wait(20);
      h.patch('Rollout', 'web', { spec: { strategy: { canary: { steps: [{ pause: {} }] } } } }, 'person');
      h.status({ conditions: invalid, phase: 'Degraded', observedGeneration: '2' }).wait(50);
      h.patch('Rollout', 'web', { spec: { strategy: { canary: { steps: [{ setWeight: 20 }] } } } }, 'person');
      h.status({ conditions: null, phase: 'Progressing', observedGeneration: '3' }).wait(50).status(exceeded);
    },
    'nor is a step that a person skips while it waits for nothing': (h) => {
      update(h).status({ currentStepIndex: 0 }).wait(110).status({ currentStepIndex: 2 }, 'person');
      h.wait(10).status(exceeded);
    },
    'a spec that does not decode has no deadline': (h) => {
      const invalid = [{ type: 'InvalidSpec', status: 'True' }];
      update(h).wait(20).status({ conditions: invalid, phase: 'Degraded' }).wait(900).begin().finish();
    },
    'early, where the progress was written before the clock was set right': (h) => {
      update(h).fault('clock-stands-still', 60).wait(70).status({ availableReplicas: 7 }).wait(60);
      h.status(exceeded);
    },
    'early, where the progress was written by one whose clock was wrong': (h) => {
      update(h)
        .fault('clock-jump')
        .wait(90)
        .status({ availableReplicas: 7 })
        .wait(60)
        .as('b')
        .status(exceeded);
    },
    'early by as long as its process stood still before it wrote of the progress': (h) => {
      update(h).fault('sleep-before-write', 60).wait(61).status({ availableReplicas: 7 }).wait(60);
      h.status(exceeded);
    },
    'a restart of a complete update, which a budget holds up': (h) => {
      h.rollout(NGINX, { progressDeadlineSeconds: 120 }, { phase: 'Healthy', availableReplicas: 10 })
        .status({ phase: 'Progressing', message: 'rollout is restarting' })
        .wait(300);
      h.begin().finish().status(exceeded);
    },
    'an edit that nobody saw before it was taken back stops no clock': (h) => {
      update(h)
        .wait(100)
        .patch('Rollout', 'web', { spec: { paused: true } }, 'person');
      h.patch('Rollout', 'web', { spec: { paused: null } }, 'person').status({ observedGeneration: '3' });
      h.wait(20).status(exceeded);
    },
    'an abort with nothing in progress starts nothing anew': (h) => {
      update(h)
        .status({ stableRS: 'v2' })
        .wait(100)
        .status({ abort: true }, 'person')
        .status({ abort: null });
      h.wait(20).status(exceeded);
    },
    'an abort after a promotion in full is taken back, and starts nothing anew': (h) => {
      update(h)
        .status({ promoteFull: true })
        .wait(100)
        .status({ abort: true }, 'person')
        .status({ abort: null });
      h.wait(20).status(exceeded);
    },
    'an analysis that could not be started for a while is no pause': (h) => {
      const failure = [{ type: 'AnalysisRunFailure', status: 'True', message: 'no answer' }];
      update(h).wait(100).status({ conditions: failure }).status({ conditions: null });
      h.wait(20).status(exceeded);
    },
    'nor has one that can not be started a deadline that must fire': (h) => {
      const failure = [{ type: 'AnalysisRunFailure', status: 'True', message: 'no such template' }];
      update(h).wait(20).status({ conditions: failure, phase: 'Degraded' }).wait(900).begin().finish();
    },
  },
  breaks: {
    'too early, after an abort of what was on its way': (h) => {
      update(h).wait(100).status({ abort: true }).wait(900);
      h.status({ abort: null, phase: 'Progressing' }).wait(20).status(exceeded);
    },
    'earlier than its process stood still': (h) => {
      update(h).fault('sleep-before-write', 60).wait(61).status({ availableReplicas: 7 }).wait(50);
      h.status(exceeded);
    },
    'too early, long after the clock was set right': (h) => {
      update(h).fault('clock-stands-still', 60).wait(90).status({ availableReplicas: 7 }).wait(50);
      h.status(exceeded);
    },
    'too early by the one clock that is wrong': (h) => {
      update(h).fault('clock-jump').wait(90).status({ availableReplicas: 7 }).wait(60).status(exceeded);
    },
    'too early by two clocks that are right': (h) => {
      update(h).as('c').fault('clock-jump').as('a').wait(90).status({ availableReplicas: 7 }).wait(60);
      h.as('b').status(exceeded);
    },
    'too early, because a step counted that waited until a person skipped it': (h) => {
      update(h);
      h.patch(
        'Rollout',
        'web',
        { spec: { strategy: { canary: { steps: [{ analysis: {} }, { setWeight: 20 }] } } } },
        'person',
      );
      h.status({ observedGeneration: '2', currentStepIndex: 0 }).wait(900);
      h.status({ currentStepIndex: 1 }, 'person').wait(10).status(exceeded);
    },
    'it never fires': (h) => {
      update(h).wait(300).begin().finish();
    },
    'too early, because the pause counted': (h) => {
      update(h)
        .status({ pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 'x' }], phase: 'Paused' })
        .wait(900);
      h.status({ pauseConditions: null, phase: 'Progressing' }).wait(10).status(exceeded);
    },
  },
};
