/** Whole updates behind a router that can do everything, told as stories (see stories.test.ts). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CanaryStep, CanaryStrategy } from '../../../src/api/rollout.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { begin } from '../../../src/plan/rollout/progress.ts';
import { claim, revisionsOf } from '../../../src/plan/rollout/revision.ts';
import { situate } from '../../../src/plan/rollout/situation.ts';
import { planTraffic, weightDecision } from '../../../src/plan/rollout/traffic.ts';
import { RECORDER, World } from './simulation.ts';
import { storiesIn } from './story.ts';

const story = storiesIn(fileURLToPath(new URL('./stories/', import.meta.url)));

const names = (...list: string[]) => list.map((name) => ({ name }));
const recorder: CanaryStrategy = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { plugins: { [RECORDER]: {} }, managedRoutes: names('debug', 'shadow') },
};
const PAUSES: CanaryStep[] = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const header = (name: string, exact = 'yes'): CanaryStep => ({
  setHeaderRoute: { name, match: [{ headerName: 'x-canary', headerValue: { exact } }] },
});
const mirror = (name: string): CanaryStep => ({
  setMirrorRoute: { name, percentage: 10, match: [{ method: { exact: 'GET' } }] },
});
const ROUTES: CanaryStep[] = [
  { setCanaryScale: { replicas: 1 } },
  header('debug'),
  { pause: {} },
  mirror('shadow'),
  { pause: {} },
  { setHeaderRoute: { name: 'debug' } },
  { setCanaryScale: { matchTrafficWeight: true } },
  { setWeight: 50 },
  { pause: {} },
];

/** Names of the header and mirror routes that are there. */
function routes(world: World): string[] {
  const [state] = world.routes.values();
  return (state?.view.managed ?? []).map(
    ({ setHeaderRoute, setMirrorRoute }) => setHeaderRoute?.name ?? setMirrorRoute?.name ?? '',
  );
}

const skip = (world: World): World =>
  world.user('skip a step', (rollout) => {
    const status = (rollout.status ??= {});
    delete status.pauseConditions;
    status.currentStepIndex = (status.currentStepIndex ?? 0) + 1;
  });

describe('stories of header and mirror routes', () => {
  const started = (): World =>
    new World({ replicas: 4, canary: { ...recorder, steps: ROUTES } }).until('Healthy');

  story(
    'header and mirror routes come and go with their steps',
    () =>
      started()
        .image('v2')
        .until('Paused', 2)
        .promote()
        .until('Paused', 4)
        .promote()
        .until('Paused', 8)
        .promote()
        .until('Healthy'),
    (world) => assert.deepEqual(routes(world), []),
  );

  story(
    'an abort takes header and mirror routes away with the weight',
    () =>
      started()
        .image('v2')
        .until('Paused', 2)
        .promote()
        .until('Paused', 4)
        .abort()
        .until('Degraded')
        .wait(60_000)
        .retry()
        .until('Paused', 2),
    (world) => assert.deepEqual(routes(world), ['debug']),
  );

  story(
    'a third version gets no header route before it has pods',
    () =>
      started().image('v2').until('Paused', 2).promote().until('Paused', 4).image('v3').until('Paused', 2),
    (world) => assert.deepEqual(routes(world), ['debug']),
  );

  it('are those of the step that a person skips to, and of the steps that a person writes', () => {
    const world = started().image('v2').until('Paused', 2);
    assert.deepEqual(routes(world), ['debug']);
    skip(world).until('Paused', 4);
    assert.deepEqual(routes(world), ['debug', 'shadow']);
    skip(world).until('Paused', 8);
    assert.deepEqual(routes(world), ['shadow']);
    world
      .user('edit the steps', (rollout) => {
        const canary = rollout.spec.strategy?.canary;
        assert.ok(canary !== undefined);
        canary.steps = [{ setWeight: 20 }, header('debug', 'other'), { pause: {} }];
      })
      .until('Paused', 2);
    assert.deepEqual(routes(world), ['debug']);
    const [state] = world.routes.values();
    assert.deepEqual(state?.view.managed, [header('debug', 'other')]);
  });

  it('go when the canary loses its last pod, and come back with it', () => {
    const world = started().image('v2').until('Paused', 2).promote().until('Paused', 4);
    world.kill(2, 1).wait(500);
    assert.deepEqual(routes(world), []);
    world.wait(5_000);
    assert.deepEqual(routes(world), ['debug', 'shadow']);
  });

  it('go before the pods where a step asks for none', () => {
    const steps: CanaryStep[] = [
      { setCanaryScale: { replicas: 2 } },
      header('debug'),
      { pause: {} },
      { setCanaryScale: { replicas: 0 } },
      { pause: {} },
    ];
    const world = new World({ replicas: 4, canary: { ...recorder, steps } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 2)
      .promote()
      .until('Paused', 4);
    assert.deepEqual(routes(world), []);
    assert.equal(world.sizes()[2], 0);
  });

  it('are put right when somebody removes one, and when the router loses a write', () => {
    const world = started().image('v2').until('Paused', 2);
    world.rewriteRoute({ managed: [] }).wait(1_000);
    assert.deepEqual(routes(world), ['debug']);
    world.routeWritesToLose = 2;
    world.rewriteRoute({ managed: [], weight: 90 }).wait(60_000);
    assert.deepEqual(routes(world), ['debug']);
    assert.equal(world.route, 0);
  });

  it('do not outlive a promotion in full, nor a rollback to stable', () => {
    assert.deepEqual(
      routes(
        started().image('v2').until('Paused', 2).promote().until('Paused', 4).promoteFull().until('Healthy'),
      ),
      [],
    );
    assert.deepEqual(
      routes(
        started().image('v2').until('Paused', 2).promote().until('Paused', 4).image('v1').until('Healthy'),
      ),
      [],
    );
  });
});

describe('stories of dynamicStableScale', () => {
  const dynamic = (more: CanaryStrategy = {}, replicas = 5): World =>
    new World({
      replicas,
      canary: { ...recorder, dynamicStableScale: true, steps: PAUSES, ...more },
    }).until('Healthy');
  const gone = (world: World): boolean => world.sizes()[2] === 0;

  story(
    'stable shrinks as the canary grows',
    () => dynamic().image('v2').until('Paused', 1).promote().until('Paused', 3).promote().until('Healthy'),
    (world) => assert.deepEqual(world.sizes(), { 1: 0, 2: 5 }),
  );

  story(
    'an abort goes back by the steps while stable grows',
    () =>
      dynamic()
        .image('v2')
        .until('Paused', 1)
        .promote()
        .until('Paused', 3)
        .abort()
        .until('Degraded')
        .run(gone)
        .retry()
        .until('Paused', 1),
    (world) => assert.deepEqual(world.sizes(), { 1: 4, 2: 1 }),
  );

  story('back to a stable version that was made small', () =>
    dynamic()
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3)
      .image('v1')
      .until('Healthy')
      .run(gone),
  );

  story(
    'a third version while the second has traffic that stable cannot carry yet',
    () =>
      dynamic().image('v2').until('Paused', 1).promote().until('Paused', 3).image('v3').until('Paused', 1),
    (world) => assert.deepEqual(world.sizes(), { 1: 4, 2: 0, 3: 1 }),
  );

  story('promotion in full with a stable version that shrinks', () =>
    dynamic().image('v2').until('Paused', 1).promoteFull().until('Healthy'),
  );

  it('an abort with a delay keeps the canary until stable has everything, and for so long', () => {
    const world = dynamic({ abortScaleDownDelaySeconds: 60 })
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3);
    world.abort().until('Degraded').wait(20_000);
    assert.equal(world.route, 0);
    assert.deepEqual(world.sizes(), { 1: 5, 2: 3 });
    world.wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 5, 2: 0 });
  });

  it('an abort with the delay 0 takes all traffic back, and no pods of the canary', () => {
    const steps = [{ setCanaryScale: { weight: 25 } }, ...PAUSES];
    const world = dynamic({ abortScaleDownDelaySeconds: 0, steps }).image('v2').until('Paused', 2);
    world.abort().until('Degraded').wait(3_600_000);
    assert.equal(world.route, 0);
    assert.deepEqual(world.sizes(), { 1: 5, 2: 2 });
  });

  it('an abort goes through while spec.paused holds', () => {
    const world = dynamic().image('v2').until('Paused', 1).promote().until('Paused', 3);
    world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)).wait(1_000);
    world.abort().wait(60_000);
    assert.equal(world.route, 0);
    assert.deepEqual(world.sizes(), { 1: 5, 2: 0 });
  });

  it('an abort gives all the traffic back from a canary that keeps its least number of pods', () => {
    const world = dynamic({ minPodsPerReplicaSet: 2, steps: [{ setWeight: 20 }, { pause: {} }] });
    world.image('v2').until('Paused', 1);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 2 });
    world.abort().wait(60_000);
    assert.equal(world.route, 0);
    assert.deepEqual(world.sizes(), { 1: 5, 2: 0 });
  });

  it('an abort never raises the weight when the Rollout is scaled up, nor takes stable pods when one dies', () => {
    const world = dynamic().image('v2').until('Paused', 1).promote().until('Paused', 3);
    world.abort().run((w) => w.route === 20);
    world.scale(10).wait(200);
    assert.ok((world.route ?? 0) <= 20);
    const before = world.sizes()[1] ?? 0;
    world.kill(1, 2).wait(200);
    assert.ok((world.sizes()[1] ?? 0) >= before);
    world.wait(60_000);
    assert.equal(world.route, 0);
    assert.deepEqual(world.sizes(), { 1: 10, 2: 0 });
  });

  it('a canary without pods gives all its traffic to stable, however small that is (rule 2 over rule 1)', () => {
    const world = dynamic().image('v2').until('Paused', 1).promote().until('Paused', 3);
    world.kill(2, 3).wait(200);
    assert.equal(world.route, 0);
    assert.equal(world.sizes()[1], 5);
    world.wait(10_000);
    assert.equal(world.route, 60);
    assert.deepEqual(world.sizes(), { 1: 2, 2: 3 });
  });

  it('stable keeps what a progress threshold lets the canary lack', () => {
    let made = 0;
    const world = new World({
      replicas: 10,
      canary: {
        ...recorder,
        dynamicStableScale: true,
        replicaProgressThreshold: { type: 'Percent', value: 50 },
        steps: PAUSES,
      },
      readyAfterMs: (image) => (image === 'v2' && ++made > 2 ? Infinity : 1_500),
      exempt: ['1'],
    }).until('Healthy');
    world.image('v2').until('Paused', 1);
    const available = [...world.replicaSets.keys()].reduce((sum, name) => sum + world.available(name), 0);
    assert.ok(available >= 10, `${available} available`);
  });

  it('minPodsPerReplicaSet holds for both versions', () => {
    const world = dynamic(
      { minPodsPerReplicaSet: 2, steps: [{ setWeight: 5 }, { pause: {} }, { setWeight: 95 }, { pause: {} }] },
      4,
    );
    assert.deepEqual(world.image('v2').until('Paused', 1).sizes(), { 1: 4, 2: 2 });
    assert.deepEqual(world.promote().until('Paused', 3).sizes(), { 1: 2, 2: 4 });
  });

  it('a scale by setCanaryScale leaves stable whole until the pods follow the weight again', () => {
    const steps: CanaryStep[] = [
      { setCanaryScale: { replicas: 2 } },
      { setWeight: 20 },
      { pause: {} },
      { setCanaryScale: { matchTrafficWeight: true } },
      { pause: {} },
    ];
    const world = dynamic({ steps }).image('v2').until('Paused', 2);
    assert.deepEqual(world.sizes(), { 1: 5, 2: 2 });
    assert.deepEqual(world.promote().until('Paused', 4).sizes(), { 1: 4, 2: 1 });
  });

  it('a stable version without weight keeps one pod while its Service selects it', () => {
    const world = dynamic({ steps: [{ setWeight: 100 }, { pause: {} }] })
      .image('v2')
      .until('Paused', 1);
    assert.equal(world.route, 100);
    assert.deepEqual(world.sizes(), { 1: 1, 2: 5 });
    assert.deepEqual(world.promote().until('Healthy').sizes(), { 1: 0, 2: 5 });
  });

  it('weights down as well as up, of another whole', () => {
    const world = dynamic({
      trafficRouting: { plugins: { [RECORDER]: {} }, maxTrafficWeight: 1000 },
      steps: [{ setWeight: 600 }, { pause: {} }, { setWeight: 200 }, { pause: {} }],
    });
    assert.deepEqual(world.image('v2').until('Paused', 1).sizes(), { 1: 2, 2: 3 });
    assert.equal(world.route, 600);
    assert.deepEqual(world.promote().until('Paused', 3).sizes(), { 1: 4, 2: 1 });
    assert.equal(world.route, 200);
  });

  it('is scaled in the middle, to 0 and back', () => {
    const world = dynamic().image('v2').until('Paused', 1).promote().until('Paused', 3);
    assert.deepEqual(world.scale(10).wait(10_000).sizes(), { 1: 4, 2: 6 });
    assert.deepEqual(world.scale(5).wait(10_000).sizes(), { 1: 2, 2: 3 });
    assert.deepEqual(world.scale(0).wait(10_000).sizes(), { 1: 0, 2: 0 });
    assert.deepEqual(world.scale(5).wait(10_000).sizes(), { 1: 2, 2: 3 });
    assert.equal(world.route, 60);
  });
});

describe('a router that knows versions, without Services', () => {
  it('sends a first weight to the new version, also where the status still names the one before', () => {
    const { trafficRouting } = recorder;
    const world = new World({
      replicas: 4,
      canary: { trafficRouting, steps: [{ setWeight: 100 }, { pause: {} }] },
      readyAfterMs: (tag) => (tag === 'v2' ? Infinity : 1_500),
      // It looks at the pods of the version that the status names.
      exempt: ['1'],
    });
    world.until('Healthy').image('v2').wait(5_000);
    const before = structuredClone(world.status());
    const shown = (): string | undefined => [...world.routes.values()][0]?.view.canaryHash;
    const hash = shown();
    world.image('v3').until('Paused');
    // As after a crash before the status.
    world.user('lose a status', (rollout) => void (rollout.status = before)).rewriteRoute({ weight: 0 });
    world.wait(1_000);
    assert.equal(world.route, 100);
    assert.notEqual(shown(), hash);
    assert.equal(world.status().canary?.weights?.canary.podTemplateHash, shown());
  });
});

describe('stories of a ping-pong pair', () => {
  const pair = (more: CanaryStrategy = {}): World =>
    new World({
      replicas: 4,
      canary: {
        pingPong: { pingService: 'ping', pongService: 'pong' },
        trafficRouting: { plugins: { [RECORDER]: {} } },
        steps: PAUSES,
        ...more,
      },
    }).until('Healthy');
  const ends = (world: World): unknown[] => [
    world.status().canary?.stablePingPong,
    ...['ping', 'pong'].map((name) => world.services.get(name)?.selector['rollouts-pod-template-hash']),
  ];
  const stable = (world: World): unknown => world.status().stableRS;

  story(
    'a ping-pong pair swaps its parts at each promotion',
    () =>
      pair()
        .image('v2')
        .until('Paused', 1)
        .promote()
        .until('Paused', 3)
        .promote()
        .until('Healthy')
        .run((world) => world.sizes()[1] === 0)
        .image('v3')
        .until('Paused', 1)
        .promoteFull()
        .until('Healthy'),
    (world) => {
      assert.equal(world.status().canary?.stablePingPong, 'ping');
      assert.equal(ends(world)[1], stable(world));
    },
  );

  story('an aborted canary behind the other end', () =>
    pair()
      .image('v2')
      .until('Paused', 1)
      .abort()
      .until('Degraded')
      .run((world) => world.sizes()[2] === 0)
      .retry()
      .until('Paused', 1),
  );

  it('a third version waits until the traffic of the second is gone', () => {
    const world = pair()
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3)
      .image('v3')
      .until('Paused', 1);
    assert.equal(world.route, 20);
    assert.equal(ends(world)[2], world.status().currentPodHash);
  });

  it('back to stable swaps nothing', () => {
    const world = pair()
      .image('v2')
      .until('Paused', 3 - 2);
    const before = ends(world)[1];
    world.image('v1').until('Healthy');
    assert.deepEqual([ends(world)[0], ends(world)[1]], ['ping', before]);
    assert.equal(world.route, 0);
  });

  it('is not promoted while its Service cannot be switched', () => {
    const world = pair({ steps: [] });
    const [, ping] = ends(world);
    assert.equal(ping, stable(world));
  });
});

describe('a router that confirms weights (spec 03 section 6)', () => {
  const confirming = (confirmsAfterMs: number, steps = PAUSES): World =>
    new World({ replicas: 4, canary: { ...recorder, steps }, confirmsAfterMs }).until('Healthy');

  story(
    'each step waits until its weight is confirmed',
    () =>
      confirming(25_000)
        .image('v2')
        .until('Paused', 1)
        .promote()
        .until('Paused', 3)
        .promote()
        .until('Healthy'),
    (world) => assert.equal(world.status().canary?.weights?.canary.weight, 0),
  );

  it('at once: no step waits', () => {
    const world = confirming(0).image('v2').until('Paused', 1);
    assert.equal(world.status().canary?.weights?.verified, true);
    world.promote().until('Paused', 3).promote().until('Healthy');
  });

  it('never: the step stays, and is looked at every 10 s', () => {
    const world = confirming(Infinity)
      .image('v2')
      .run((w) => w.route === 20)
      .wait(5_000);
    const before = world.passes;
    const writes = world.objectWrites();
    world.wait(100_000);
    assert.equal(world.status().currentStepIndex, 0);
    assert.equal(world.status().canary?.weights?.verified, false);
    assert.ok(world.passes - before <= 22, `${world.passes - before} passes in 100 s`);
    assert.equal(world.objectWrites(), writes);
  });

  it('never, at the end: it is not promoted, and stable keeps its pods', () => {
    const world = confirming(Infinity, [{ pause: {} }])
      .image('v2')
      .until('Paused', 0)
      .promote();
    world.run((w) => w.route === 100).wait(300_000);
    assert.notEqual(world.status().stableRS, world.status().currentPodHash);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
  });

  it('never, and without steps or in full: nothing waits for it', () => {
    confirming(Infinity, []).image('v2').until('Healthy');
    confirming(Infinity)
      .image('v2')
      .run((w) => w.route === 20)
      .promoteFull()
      .until('Healthy');
  });

  it('somebody rewrites the weight: it is put right, and confirmed anew', () => {
    const world = confirming(1_000).image('v2').until('Paused', 1);
    world.rewriteRoute({ weight: 77 }).wait(5_000);
    assert.equal(world.route, 20);
  });
});

describe('weights and what follows them', () => {
  it('a step that follows at once takes no pods from under the weight of the one before', () => {
    const steps: CanaryStep[] = [
      { setWeight: 40 },
      { setCanaryScale: { weight: 0 } },
      { pause: {} },
      { setCanaryScale: { matchTrafficWeight: true } },
    ];
    const world = new World({ replicas: 5, canary: { ...recorder, steps } }).until('Healthy');
    world.image('v2').until('Paused', 2);
    assert.deepEqual([world.route, world.sizes()], [0, { 1: 5, 2: 0 }]);
    const told = world.story.slice(-7).join('\n');
    assert.match(told, /canary 40 of 100[^]*canary 0 of 100[^]*scale v2 from 2 to 0/);
  });

  it('a version that another leader promoted is not taken from behind stable where stable has no pods', () => {
    const world = new World({ replicas: 5, canary: { ...recorder, steps: PAUSES } }).until('Healthy');
    const fresh = world.image('v2').until('Paused', 1).status().currentPodHash ?? '';
    const behind = (): unknown =>
      planRollout({
        ...world.snapshot(),
        routes: world.snapshot().routes.map((route) => ({ ...route, stableHash: fresh })),
      }).intents.flatMap((intent) => (intent.kind === 'setRoute' ? intent.stableHash : []));
    assert.deepEqual(behind(), [world.status().stableRS], 'it has pods');
    world.kill(1, 5, Infinity);
    assert.deepEqual(behind(), []);
  });

  it('further destinations take their share from stable, and the Event names them', () => {
    const world = new World({ replicas: 5, canary: { ...recorder, steps: PAUSES } }).until('Healthy');
    const snapshot = world.image('v2').until('Paused', 1).snapshot();
    const { rollout } = snapshot;
    assert.ok(rollout !== undefined);
    const draft = new Draft();
    const revisions = revisionsOf(rollout, claim(rollout, snapshot.replicaSets, draft));
    const s = situate(snapshot, rollout, rollout.spec.strategy?.canary ?? {}, revisions, draft);
    const facts = { atDesired: true, canaryReachable: true, stableReachable: true };
    const additional = [{ serviceName: 'trial', podTemplateHash: 'abc', weight: 10 }];
    const { weights } = planTraffic(s, begin(s), weightDecision(s, begin(s), facts), facts, additional);
    assert.deepEqual(
      [weights?.canary.weight, weights?.stable.weight, weights?.additional],
      [20, 70, additional],
    );
    const [intent] = draft.intents;
    assert.deepEqual(intent?.kind === 'setRoute' ? intent.additional : undefined, additional);
    assert.ok(
      draft.events.some(({ message }) => message === 'Traffic weight updated , additional: [{10 trial abc}]'),
      JSON.stringify(draft.events),
    );
  });
});
