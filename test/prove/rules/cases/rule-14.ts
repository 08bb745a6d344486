import { rule14 } from '../rule-14.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const LABELS = { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'Step', 'step-index': '0' };
const pause = (startTime: string): { reason: string; startTime: string }[] => [
  { reason: 'CanaryPauseStep', startTime },
];
/** The wall clock of the process that writes is so many seconds off. */
const paused = (h: Hand, off = 0): Hand =>
  h.status({
    currentStepIndex: 1,
    pauseConditions: pause(new Date(h.now + off * 1_000).toISOString()),
  });
const goOn = (h: Hand): Hand => h.status({ currentStepIndex: 2, pauseConditions: null });
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
    'a pause counts from the pass that begins it, and not from when its writes are through': (h) => {
      paused(update(h).begin().wait(2)).finish();
      goOn(h.wait(58));
    },
    'a person resumes early': (h) => {
      update(h)
        .status({ currentStepIndex: 1, pauseConditions: pause('t1') })
        .wait(10);
      h.status({ pauseConditions: null }, 'person').status({ currentStepIndex: 2 });
    },
    'another process ends a pause whose start one with a wrong clock wrote': (h) => {
      paused(update(h).fault('clock-jump'), -20).wait(40);
      goOn(h.as('b'));
    },
    'a process with a wrong clock ends the pause of another one': (h) => {
      paused(update(h)).wait(10);
      goOn(h.as('b').fault('clock-jump'));
    },
    'the clock of the process jumps in the pause': (h) => {
      paused(update(h)).wait(10).fault('clock-jump');
      goOn(h.wait(10));
    },
    'the clock is set right in the pause, after its machine stood still': (h) => {
      paused(update(h).fault('clock-stands-still', 30).wait(35)).wait(25);
      goOn(h);
    },
    'a start that nobody can read is written anew': (h) => {
      paused(update(h)).wait(5);
      h.status({ pauseConditions: pause('soon') }, 'person').status({
        pauseConditions: pause('2026-01-01T00:00:20Z'),
      });
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
      paused(update(h)).wait(50);
      h.status({ currentStepIndex: 2, pauseConditions: null });
    },
    'a pause is cut short, whenever its writes are through': (h) => {
      paused(update(h).begin().wait(2)).finish();
      goOn(h.wait(56).begin());
    },
    'a pause is cut short by what its start does not say, though the clock was wrong': (h) => {
      paused(update(h).fault('clock-jump'), -20).wait(30);
      goOn(h.as('b'));
    },
    'a pause is cut short by the process itself, whose clock is wrong and stays so': (h) => {
      paused(update(h).fault('clock-jump').wait(5), -20).wait(40);
      goOn(h);
    },
    'a pause is cut short, and only the clock of a third process is wrong': (h) => {
      paused(update(h)).as('c').fault('clock-jump').wait(40);
      goOn(h.as('b'));
    },
    'a pause begins anew': (h) => {
      update(h)
        .status({ currentStepIndex: 1, pauseConditions: pause('2026-01-01T00:00:10Z') })
        .wait(10);
      h.status({ pauseConditions: pause('2026-01-01T00:00:20Z') });
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
