import { rule11 } from '../rule-11.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const LABELS = { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'Step', 'step-index': '0' };
const update = (h: Hand): Hand =>
  h
    .rollout(nginxWith({ steps: [{ analysis: { templates: [] } }, { setWeight: 50 }] }))
    .status({ currentPodHash: 'v2', currentStepIndex: 0, phase: 'Progressing' })
    .run('run', LABELS);

export const cases: Cases = {
  rule: rule11,
  passes: {
    'a step goes on after a Successful run': (h) => {
      update(h).patch('AnalysisRun', 'run', { status: { phase: 'Running' } });
      h.patch('AnalysisRun', 'run', { status: { phase: 'Successful' } }).status({ currentStepIndex: 1 });
      h.patch('AnalysisRun', 'run', { status: { runSummary: { count: 1 } } });
    },
    'a run is terminated when only a metric that runs dry is left': (h) => {
      const metricResults = [
        { name: 'a', phase: 'Successful' },
        { name: 'b', phase: 'Running', dryRun: true },
      ];
      update(h).patch('AnalysisRun', 'run', {
        spec: { metrics: [{ name: 'a' }, { name: 'b' }] },
        status: { phase: 'Running', metricResults },
      });
      h.patch('AnalysisRun', 'run', { spec: { terminate: true } }, 'person')
        .patch('AnalysisRun', 'run', { status: { phase: 'Successful' } })
        .status({ currentStepIndex: 1 });
    },
    'a run gets the last of its measurements though somebody has just ended it': (h) => {
      const metrics = [{ name: 'a', interval: '5s', count: 2 }];
      const before = [{ name: 'a', phase: 'Running', count: 1, successful: 1 }];
      const metricResults = [{ name: 'a', phase: 'Successful', count: 2, successful: 2 }];
      update(h).patch('AnalysisRun', 'run', {
        spec: { metrics },
        status: { phase: 'Running', metricResults: before },
      });
      h.patch('AnalysisRun', 'run', { spec: { terminate: true } }, 'person')
        .patch('AnalysisRun', 'run', { status: { phase: 'Successful', metricResults } })
        .status({ currentStepIndex: 1 });
    },
    'the user retries, and a new run succeeds': (h) => {
      update(h)
        .patch('AnalysisRun', 'run', { status: { phase: 'Failed' } })
        .status({ abort: true })
        .wait(9);
      h.status({ abort: null }, 'person').wait(1).run('again', LABELS, { phase: 'Successful' });
      h.status({ currentStepIndex: 1 });
    },
  },
  breaks: {
    'a verdict is changed': (h) => {
      update(h).patch('AnalysisRun', 'run', { status: { phase: 'Failed' } });
      h.patch('AnalysisRun', 'run', { status: { phase: 'Successful' } });
    },
    'a terminated run counts as a success': (h) => {
      update(h).patch('AnalysisRun', 'run', { spec: { terminate: true } }, 'person');
      h.patch('AnalysisRun', 'run', { status: { phase: 'Successful' } }).status({ currentStepIndex: 1 });
    },
    'a run that is terminated before its metric has its measurements counts as a success': (h) => {
      const metricResults = [{ name: 'a', phase: 'Running', count: 1, successful: 1 }];
      update(h).patch('AnalysisRun', 'run', {
        spec: { metrics: [{ name: 'a', interval: '5s', count: 2 }] },
        status: { phase: 'Running', metricResults },
      });
      h.patch('AnalysisRun', 'run', { spec: { terminate: true } }, 'person')
        .patch('AnalysisRun', 'run', { status: { phase: 'Successful' } })
        .status({ currentStepIndex: 1 });
    },
    'an abort takes itself back': (h) => {
      update(h).wait(60).status({ abort: true }).wait(60).status({ abort: null });
    },
  },
};
