import { rule12 } from '../rule-12.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { keyOfName, nginxWith } from '../hand.ts';

const STEP = { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'Step', 'step-index': '0' };
const PRE = { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'PrePromotion' };
const templates = [{ templateName: 'success' }];
const update = (h: Hand): Hand =>
  h
    .rollout(nginxWith({ steps: [{ analysis: { templates } }, { setWeight: 50 }] }))
    .status({ currentPodHash: 'v2', currentStepIndex: 0, phase: 'Progressing' });
const preview = (h: Hand): Hand =>
  h
    .rollout({ blueGreen: { activeService: 'web-active', prePromotionAnalysis: { templates } } })
    .service('web-active', 'v1')
    .version('v1', 10)
    .wait(60)
    .version('v2', 10)
    .status({ currentPodHash: 'v2', phase: 'Progressing' });

/** A run whose metric waits, and what it asks. */
const patient = (h: Hand): Hand => {
  const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'uid-web' };
  return h.create(
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name: 'run', labels: STEP, ownerReferences: [{ ...owner, controller: true }] },
      spec: { metrics: [{ name: 'success', evidence: { waitForTraffic: true } }] },
    },
    'sluice',
  );
};
const asks = (h: Hand): Hand =>
  h.tell({
    what: 'measurement',
    at: h.now,
    run: keyOfName('run'),
    metric: 'success',
    truth: 'good',
    answer: '1',
  });
const routed = (h: Hand): Hand => patient(update(h).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0));

export const cases: Cases = {
  rule: rule12,
  passes: {
    'a step with its evidence': (h) => {
      update(h).run('run', STEP, { phase: 'Successful' }).status({ currentStepIndex: 1 });
    },
    'a step that measures nothing': (h) => {
      h.rollout(nginxWith({ steps: [{ analysis: { templates: [] } }, { setWeight: 50 }] }))
        .status({ currentPodHash: 'v2', currentStepIndex: 0, phase: 'Progressing' })
        .status({ currentStepIndex: 1 });
    },
    'a step with evidence from before an abort that nobody had heard of when it was taken back': (h) => {
      update(h).run('run', STEP, { phase: 'Running' }).status({ abort: true }, 'person').wait(9);
      h.status({ abort: null }, 'person').patch('AnalysisRun', 'run', { status: { phase: 'Successful' } });
      h.wait(1).status({ currentStepIndex: 1 });
    },
    'a step with evidence under a name that one of the attempt before had': (h) => {
      update(h).run('run', STEP, { phase: 'Successful' }).status({ abort: true }).wait(9);
      h.status({ abort: null }, 'person').remove('AnalysisRun', 'run');
      h.wait(1).run('run', STEP, { phase: 'Successful' }).status({ currentStepIndex: 1 });
    },
    'a person promotes in full': (h) => {
      update(h)
        .run('run', STEP, { phase: 'Running' })
        .status({ promoteFull: true }, 'person')
        .status({ currentStepIndex: 2 });
    },
    'a switch with its evidence': (h) => {
      preview(h).run('pre', PRE, { phase: 'Successful' }).wait(9).begin().select('web-active', 'v2');
    },
    'a metric that waited for traffic': (h) => {
      asks(routed(h).weight(20).wait(5).weight(0));
    },
    'a metric that waits for traffic, without a router': (h) => {
      h.rollout({ canary: { steps: [{ analysis: { templates } }] } }, {}, { currentPodHash: 'v2' });
      asks(patient(h.version('v1', 10).version('v2', 1)));
    },
  },
  breaks: {
    'a metric that waits for traffic asks before there is any': (h) => {
      asks(routed(h).wait(5));
    },
    'a step without': (h) => {
      update(h).run('run', STEP, { phase: 'Running' }).status({ currentStepIndex: 1 });
    },
    'a step with the evidence of the attempt before': (h) => {
      update(h)
        .run('run', STEP, { phase: 'Successful' })
        .status({ abort: true, abortedAt: 'now' })
        .wait(9)
        .status({ abort: null }, 'person');
      h.wait(1).status({ currentStepIndex: 1 });
    },
    'a switch without': (h) => {
      preview(h).run('pre', PRE, { phase: 'Inconclusive' }).wait(9).begin().select('web-active', 'v2');
    },
    'a gate that judges stable': (h) => {
      update(h).run('run', { ...STEP, 'rollouts-pod-template-hash': 'v1' });
    },
  },
};
