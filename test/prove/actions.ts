/** What people, other programs and accidents do to a world. */

import { ApiError, isNotFound, type KubeObject } from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  CONFIG_MAP,
  DEPLOYMENT,
  ENDPOINT_SLICE,
  INGRESS,
  LEASE,
  POD,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../../src/kube/kinds.ts';
import { GitError } from '../../src/git/errors.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch } from '../../src/lang/patch/merge.ts';
import { formatTime } from '../../src/lang/time.ts';
import { HASH_LABEL } from '../../src/plan/rollout/names.ts';
import { askWhy, lintFile, rehearseEdit } from './asker.ts';
import type { Action } from './history.ts';
import { show } from './shown.ts';
import { commitBeside, live } from './side.ts';
import { KEY, NAME, SHOP, templateOf, typeOf } from './manifests.ts';
import type { World } from './world.ts';

const REF = { namespace: SHOP, name: NAME };

/** What the CLI sends. */
const COMMANDS: Readonly<Record<string, JsonObject>> = {
  abort: { abort: true },
  retry: { abort: false },
  'promote-full': { promoteFull: true },
};

/** Carries it out. What is not there any more is nobody's trouble. */
export async function act(world: World, action: Action): Promise<void> {
  try {
    await perform(world, action);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function perform(world: World, action: Action): Promise<void> {
  const { clock } = world;
  const person = world.as('person');
  const say = (text: string, who = 'person'): void =>
    world.tell({ what: 'command', at: clock.now(), who, text, key: KEY });
  const merge = async (body: JsonObject, who = 'person'): Promise<void> => {
    await world.as(who).patch(ROLLOUT, REF, { type: 'merge', body });
  };
  const fault = (kind: string, target: string, forMs = 0): void =>
    world.tell({ what: 'fault', at: clock.now(), kind, target, until: clock.now() + forMs });
  switch (action.do) {
    case 'image':
      say(`image ${action.tag}`);
      return release(world, templateOf(action.tag));
    case 'image-and-replicas':
      say(`image ${action.tag} and ${action.replicas} replicas`);
      return release(world, { ...templateOf(action.tag), replicas: action.replicas });
    case 'scale':
      say(`${action.replicas} replicas`, action.by);
      return merge({ spec: { replicas: action.replicas } }, action.by);
    case 'spec':
      say(`edits the spec: ${JSON.stringify(action.spec)}`);
      return merge({ spec: action.spec });
    case 'command':
      say(action.command);
      return command(world, action.command, merge);
    case 'terminate':
      say('terminates what is measured');
      for (const run of valuesOf(world, ANALYSIS_RUN)) {
        const { phase = '' } = (run['status'] ?? {}) as { phase?: string };
        if (['', 'Pending', 'Running'].includes(phase))
          await person.patch(ANALYSIS_RUN, run.metadata, {
            type: 'merge',
            body: { spec: { terminate: true } },
          });
      }
      return;
    case 'break':
      return world.breakages.make(action, say);
    case 'commit':
      say(`commits ${Object.keys(action.files).join(', ')} beside`);
      return commitBeside(world, action.files);
    case 'live':
      return live(world, action.of, action.status);
    case 'mend':
      return world.breakages.mend(say);
    case 'make':
      return make(world, action, say);
    case 'ask':
      show(world);
      return askWhy(world);
    case 'lint':
      return lintFile(world, action.canary, action.beside);
    case 'rehearse':
      return rehearseEdit(world, action.spec);
    case 'recreate': {
      const live = await person.get(ROLLOUT, REF);
      say(`deletes the Rollout, and creates it again after ${action.afterMs} ms`);
      await person.delete(
        ROLLOUT,
        REF,
        action.foreground === true ? { propagationPolicy: 'Foreground' } : {},
      );
      clock.setTimer(action.afterMs, () => {
        say('creates the Rollout again');
        const { apiVersion, kind } = live;
        const object = { apiVersion, kind, metadata: { ...REF }, spec: live['spec'] };
        person.create(ROLLOUT, object as KubeObject).catch(() => {});
      });
      return;
    }
    case 'git':
      return git(world, action.what, say);
    case 'kill-pods':
      fault('pods-vanish', action.of);
      for (const pod of podsOf(world, action.of).slice(0, action.count))
        await world.as('kubelet').delete(POD, pod.metadata, { gracePeriodSeconds: 0 });
      return;
    case 'unready-pods':
      fault('pods-unready', 'any', action.forMs);
      for (const pod of podsOf(world, 'any').slice(0, action.count)) await unready(world, pod, action.forMs);
      return;
    case 'delete-endpoints':
      fault('endpoints-vanish', SHOP);
      for (const slice of valuesOf(world, ENDPOINT_SLICE))
        await world.as('kubernetes').delete(ENDPOINT_SLICE, slice.metadata);
      return;
    case 'delete-replica-set': {
      const hash = hashOf(world, action.of);
      const found = valuesOf(world, REPLICA_SET).find(
        ({ metadata }) => metadata.labels?.[HASH_LABEL] === hash,
      );
      if (found === undefined) return;
      fault('replica-set-vanishes', found.metadata.name);
      await world.as('meddler').delete(REPLICA_SET, found.metadata, { propagationPolicy: 'Background' });
      return;
    }
    case 'rewrite-route': {
      const canary = canaryIngress(world);
      if (canary === undefined) return rewriteRecord(world, action.weight, fault);
      fault('route-rewritten', canary.metadata.name);
      const annotations = { 'nginx.ingress.kubernetes.io/canary-weight': String(action.weight) };
      await world
        .as('meddler')
        .patch(INGRESS, canary.metadata, { type: 'merge', body: { metadata: { annotations } } });
      return;
    }
    case 'delete-route': {
      const canary = canaryIngress(world);
      const route = canary ?? recordOf(world);
      if (route === undefined) return;
      fault('route-deleted', route.metadata.name);
      await world.as('meddler').delete(canary === undefined ? CONFIG_MAP : INGRESS, route.metadata);
      return;
    }
    case 'confirms':
      fault(`confirms-${action.mode.replaceAll(' ', '-')}`, 'data-plane', action.forMs);
      world.plane.answer(action.mode, action.forMs);
      return;
    case 'rewrite-selector':
      fault('selector-rewritten', action.service);
      await world
        .as('meddler')
        .patch(
          SERVICE,
          { namespace: SHOP, name: action.service },
          { type: 'merge', body: { spec: { selector: { [HASH_LABEL]: null } } } },
        );
      return;
    case 'backend':
      fault(`backend-${action.mode}`, 'prometheus', action.forMs);
      world.backend.mode = action.mode;
      clock.setTimer(action.forMs, () => {
        world.backend.mode = 'truth';
      });
      return;
    case 'compact':
      fault('history-compacted', 'apiserver');
      world.cluster.server.compact();
      return;
    case 'crash': {
      const leader = world.leader();
      if (leader === undefined || leader.isGone) return;
      fault('crash', leader.name);
      world.crash(leader, action.forMs);
      return;
    }
    case 'sleep': {
      const leader = world.leader();
      if (leader === undefined || leader.isGone) return;
      fault(action.machine ? 'clock-stands-still' : 'process-sleeps', leader.name, action.forMs);
      leader.sleep(action.forMs, action.machine);
      return;
    }
    case 'clock-jump': {
      const leader = world.leader();
      if (leader === undefined) return;
      fault('clock-jump', leader.name);
      leader.machine.jump(action.ms);
      return;
    }
    case 'steal-lease':
      return stealLease(world, fault);
    case 'aim':
      world.desk.aim(action);
      return;
    case 'weather':
      fault(`weather-${action.fault}`, action.target ?? 'any', action.forMs);
      world.desk.blow(action);
      return;
  }
}

async function make(
  world: World,
  { what, object }: Extract<Action, { do: 'make' }>,
  say: (text: string) => void,
): Promise<void> {
  const { type } = world.cluster.server.resource(typeOf(object));
  try {
    await world.as('person').create(type, object);
    say(`creates ${object.kind} ${object.metadata.name}: ${what}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(`would create ${object.kind} ${object.metadata.name}, and is refused: ${what}`);
  }
}

/** A new version, in the way in which this Rollout gets its versions. */
async function release(world: World, change: JsonObject): Promise<void> {
  const { template, ...others } = change;
  switch (world.source) {
    case 'rollout':
      await world.as('person').patch(ROLLOUT, REF, { type: 'merge', body: { spec: change } });
      return;
    case 'workload':
      await world
        .as('person')
        .patch(DEPLOYMENT, REF, { type: 'merge', body: { spec: { template: template ?? {} } } });
      if (Object.keys(others).length > 0)
        await world.as('person').patch(ROLLOUT, REF, { type: 'merge', body: { spec: others } });
      return;
    case 'git': {
      const files = world.repository.filesAt(world.repository.head());
      const before = JSON.parse(files['rollout.yaml'] as string) as JsonObject;
      const after = applyMergePatch(before, { spec: change });
      world.commit(() => world.repository.change({ 'rollout.yaml': JSON.stringify(after) }));
      await world.refresh();
    }
  }
}

async function git(world: World, what: 'revert' | 'down' | 'up', say: (text: string) => void): Promise<void> {
  say(`git: ${what}`);
  if (what === 'revert') {
    if (world.commits < 2) return;
    world.commit(() => world.repository.revert());
    await world.refresh();
  } else {
    world.git.failure =
      what === 'up' ? undefined : new GitError('Unreachable', 'the repository does not answer');
  }
}

async function command(
  world: World,
  name: string,
  merge: (body: JsonObject) => Promise<void>,
): Promise<void> {
  const person = world.as('person');
  const status = async (body: JsonObject): Promise<void> => {
    await person.patch(ROLLOUT, REF, { type: 'merge', body: { status: body } }, { subresource: 'status' });
  };
  const known = COMMANDS[name];
  if (known !== undefined) return status(known);
  switch (name) {
    case 'restart':
      return merge({ spec: { restartAt: formatTime(world.clock.now()) } });
    case 'pause':
      return merge({ spec: { paused: true } });
    case 'unpause':
      return merge({ spec: { paused: false } });
    case 'promote':
      return status({ pauseConditions: null });
    case 'skip': {
      const live = await person.get(ROLLOUT, REF);
      const { currentStepIndex = 0 } = (live['status'] ?? {}) as { currentStepIndex?: number };
      const steps =
        (live['spec'] as { strategy?: { canary?: { steps?: unknown[] } } }).strategy?.canary?.steps ?? [];
      if (currentStepIndex < steps.length)
        return status({ pauseConditions: null, currentStepIndex: currentStepIndex + 1 });
    }
  }
}

const valuesOf = (
  world: World,
  type: Parameters<World['cluster']['server']['storage']['store']>[0],
): KubeObject[] => world.cluster.server.storage.store(type).sorted(SHOP);

function hashOf(world: World, of: 'any' | 'stable' | 'canary'): string | undefined {
  const live = valuesOf(world, ROLLOUT)[0];
  const { stableRS, currentPodHash } = (live?.['status'] ?? {}) as {
    stableRS?: string;
    currentPodHash?: string;
  };
  return of === 'stable' ? stableRS : currentPodHash;
}

const podsOf = (world: World, of: 'any' | 'stable' | 'canary'): KubeObject[] => {
  const hash = hashOf(world, of);
  return valuesOf(world, POD).filter(
    ({ metadata }) => of === 'any' || metadata.labels?.[HASH_LABEL] === hash,
  );
};

const canaryIngress = (world: World): KubeObject | undefined =>
  valuesOf(world, INGRESS).find(
    ({ metadata }) => metadata.annotations?.['nginx.ingress.kubernetes.io/canary'] === 'true',
  );

/** What the router of the tests keeps its weights in. */
const recordOf = (world: World): KubeObject | undefined =>
  valuesOf(world, CONFIG_MAP).find(({ metadata }) => metadata.name === `${NAME}-weights`);

async function rewriteRecord(
  world: World,
  weight: number,
  fault: (kind: string, target: string) => void,
): Promise<void> {
  const record = recordOf(world);
  if (record === undefined) return;
  const { canary = '0', stable = '0' } = record['data'] as Record<string, string>;
  const whole = Number(canary) + Number(stable);
  const share = Math.round((whole * weight) / 100);
  fault('route-rewritten', record.metadata.name);
  const data = { canary: String(share), stable: String(whole - share) };
  await world.as('meddler').patch(CONFIG_MAP, record.metadata, { type: 'merge', body: { data } });
}

/** As a node whose network is away for a while: the pods run, and nobody can reach them. */
async function unready(world: World, pod: KubeObject, forMs: number): Promise<void> {
  const setReady = async (status: 'True' | 'False'): Promise<void> => {
    const live = await world.as('kubelet').get(POD, pod.metadata);
    const { conditions = [] } = (live['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
    if (!conditions.some(({ type }) => type === 'Ready')) return;
    const lastTransitionTime = formatTime(world.clock.now());
    const next = conditions.map((item) =>
      item.type === 'Ready' ? { ...item, status, lastTransitionTime } : item,
    );
    await world
      .as('kubelet')
      .patch(
        POD,
        pod.metadata,
        { type: 'merge', body: { status: { conditions: next } } },
        { subresource: 'status' },
      );
  };
  const { conditions = [] } = (pod['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  if (!conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return;
  await setReady('False');
  world.clock.setTimer(forMs, () => void setReady('True').catch(() => {}));
}

async function stealLease(world: World, fault: (kind: string, target: string) => void): Promise<void> {
  const leader = world.leader();
  const other = world.processes.find((process) => process !== leader && !process.isGone);
  if (leader === undefined || other === undefined) return;
  fault('lease-stolen', leader.name);
  await world
    .as('meddler')
    .patch(
      LEASE,
      { namespace: 'sluice', name: 'sluice-controller' },
      { type: 'merge', body: { spec: { holderIdentity: '' } } },
    );
}
