import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { Bench, rollout } from './harness.ts';

const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }];
const PAUSE = [{ reason: 'CanaryPauseStep', startTime: '2026-01-01T11:00:00Z' }];
const canary = (status: JsonObject = {}, spec: JsonObject = {}): JsonObject =>
  rollout('web', { canary: { steps: STEPS } }, status, spec);
const bare = (status: JsonObject = {}, spec: JsonObject = {}): JsonObject =>
  rollout('web', { canary: {} }, status, spec);
const blueGreen = (status: JsonObject = {}, spec: JsonObject = {}): JsonObject =>
  rollout('web', { blueGreen: { activeService: 'web' } }, status, spec);

const STATUS = 'PATCH rollouts/web/status merge ';
const MAIN = 'PATCH rollouts/web merge ';
const UNPAUSE = `${MAIN}{"spec":{"paused":false}}`;

interface Row {
  name: string;
  object: JsonObject;
  line?: string;
  writes: string[];
  /** Where status has no subresource. */
  unified?: string[];
}

const inconclusive = {
  currentStepIndex: 1,
  controllerPause: true,
  pauseConditions: [{ reason: 'InconclusiveAnalysisRun', startTime: '2026-01-01T11:00:00Z' }],
  canary: { currentStepAnalysisRunStatus: { name: 'web-1', status: 'Inconclusive' } },
};

const rows: Row[] = [
  {
    name: 'ends a pause and leaves the step to the controller',
    object: canary({ currentStepIndex: 1, controllerPause: true, pauseConditions: PAUSE }),
    writes: [`${STATUS}{"status":{"pauseConditions":null}}`],
    unified: [`${MAIN}{"spec":{"paused":false},"status":{"pauseConditions":null}}`],
  },
  {
    name: 'skips a step that is no pause',
    object: canary({ currentStepIndex: 0 }),
    writes: [`${STATUS}{"status":{"pauseConditions":null,"currentStepIndex":1}}`],
    unified: [`${MAIN}{"spec":{"paused":false},"status":{"pauseConditions":null,"currentStepIndex":1}}`],
  },
  {
    name: 'starts at step 0 where there is no index',
    object: canary(),
    writes: [`${STATUS}{"status":{"pauseConditions":null,"currentStepIndex":1}}`],
  },
  {
    name: 'does not count beyond the last step',
    object: canary({ currentStepIndex: 3 }),
    writes: [`${STATUS}{"status":{"pauseConditions":null,"currentStepIndex":3}}`],
  },
  {
    name: 'unpauses and skips when there is no pause of the controller',
    object: canary({ currentStepIndex: 0 }, { paused: true }),
    writes: [`${STATUS}{"status":{"pauseConditions":null,"currentStepIndex":1}}`, UNPAUSE],
    unified: [`${MAIN}{"spec":{"paused":false},"status":{"pauseConditions":null,"currentStepIndex":1}}`],
  },
  {
    name: 'unpauses and ends a pause, and skips nothing',
    object: canary({ currentStepIndex: 1, pauseConditions: PAUSE }, { paused: true }),
    writes: [`${STATUS}{"status":{"pauseConditions":null}}`, UNPAUSE],
  },
  {
    name: 'passes over an inconclusive analysis',
    object: canary(inconclusive),
    writes: [`${STATUS}{"status":{"pauseConditions":null,"controllerPause":false,"currentStepIndex":2}}`],
    unified: [`${MAIN}{"spec":{"paused":false},"status":{"pauseConditions":null}}`],
  },
  {
    name: 'ends a pause in which the controller does not hold, inconclusive or not',
    object: canary({ ...inconclusive, controllerPause: false }),
    writes: [`${STATUS}{"status":{"pauseConditions":null}}`],
  },
  { name: 'has nothing to do for a canary without steps', object: bare(), writes: [] },
  { name: 'unpauses a canary without steps', object: bare({}, { paused: true }), writes: [UNPAUSE] },
  { name: 'has nothing to do for blue-green that is not paused', object: blueGreen(), writes: [] },
  {
    name: 'lets blue-green switch',
    object: blueGreen({ pauseConditions: [{ reason: 'BlueGreenPause', startTime: '2026-01-01T11:00:00Z' }] }),
    writes: [`${STATUS}{"status":{"pauseConditions":null}}`],
  },
  {
    name: 'goes all the way',
    line: 'promote web --full',
    object: canary({ currentPodHash: 'b', stableRS: 'a' }),
    writes: [`${STATUS}{"status":{"promoteFull":true}}`],
    unified: [`${MAIN}{"spec":{"paused":false},"status":{"promoteFull":true}}`],
  },
  {
    name: 'goes all the way from a manual pause',
    line: 'promote web --full',
    object: canary({ currentPodHash: 'b', stableRS: 'a' }, { paused: true }),
    writes: [`${STATUS}{"status":{"promoteFull":true}}`, UNPAUSE],
  },
  {
    name: 'has no way to go when all is promoted',
    line: 'promote web --full',
    object: canary({ currentPodHash: 'a', stableRS: 'a' }),
    writes: [],
  },
  {
    name: 'skips the current step by the old flag',
    line: 'promote web -c',
    object: canary({ currentStepIndex: 1, pauseConditions: PAUSE }, { paused: true }),
    writes: [`${STATUS}{"status":{"currentStepIndex":2}}`],
    unified: [`${MAIN}{"status":{"currentStepIndex":2}}`],
  },
  {
    name: 'skips all steps by the old flag',
    line: 'promote web --skip-all-steps',
    object: canary({ currentStepIndex: 1 }),
    writes: [`${STATUS}{"status":{"currentStepIndex":3}}`],
    unified: [`${MAIN}{"status":{"currentStepIndex":3}}`],
  },
];

describe('promote', () => {
  for (const { name, object, line = 'promote web', writes, unified } of rows) {
    it(name, async () => {
      const bench = new Bench();
      await bench.put(object);
      const { code, out } = await bench.run(line);
      assert.equal(code, 0);
      assert.equal(out, `rollout 'web' ${line.includes('--full') ? 'fully promoted' : 'promoted'}\n`);
      assert.deepEqual(bench.requests, ['GET rollouts/web', ...writes]);
    });
    if (unified === undefined) continue;
    it(`${name}, in one patch where status has no subresource`, async () => {
      const bench = new Bench({ statusSubresource: false });
      const metadata = { name: 'web', namespace: 'shop' };
      await bench.api.create(ROLLOUT, { ...object, metadata } as never);
      assert.equal((await bench.run(line)).code, 0);
      assert.deepEqual(bench.requests.slice(2), unified);
    });
  }

  it('tells what to use in place of the old flags', async () => {
    const bench = new Bench();
    await bench.put(canary());
    assert.equal(
      (await bench.run('promote web -c')).err,
      'Flag --skip-current-step has been deprecated, use without the flag instead e.g. promote ROLLOUT\n',
    );
  });

  it('refuses what makes no sense', async () => {
    const bench = new Bench();
    await bench.put(blueGreen());
    assert.match(
      (await bench.run('promote web -c -a')).err,
      /Error: Cannot use skip-current-step and skip-all-steps flags at the same time\n$/,
    );
    assert.deepEqual(bench.requests, []);
    assert.match(
      (await bench.run('promote web -a')).err,
      /Error: Cannot skip steps of a bluegreen rollout\. Run without a flags\n$/,
    );
    const other = new Bench();
    await other.put(bare());
    assert.match(
      (await other.run('promote web -c')).err,
      /Error: Cannot skip steps of a rollout without steps\n$/,
    );
    const { code, err } = await other.run('promote nobody');
    assert.equal(code, 1);
    assert.match(err, /^Error: rollouts\.argoproj\.io "nobody" not found\n/);
  });
});
