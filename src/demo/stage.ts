/** What every step of the demo works with: the cluster, the clients' answers, Git, and a place to say things. */

import type { KubeObject } from '../kube/api.ts';
import { APPLICATION, POD, REPLICA_SET, ROLLOUT, SERVICE } from '../kube/kinds.ts';
import type { Checks } from './checks.ts';
import type { Answer, Ledger } from './ledger.ts';
import { APP, IMAGE, NAMESPACE, SYSTEM } from './manifests.ts';
import type { DemoRepository } from './repository.ts';
import { dig, ownedBy, type World } from './world.ts';

export const ROLLOUT_KEY = `${NAMESPACE}/${APP}`;
export const APPLICATION_KEY = `${SYSTEM}/${APP}`;
export const CANARY_INGRESS_KEY = `${NAMESPACE}/${APP}-${APP}-canary`;

export interface Stage {
  readonly world: World;
  readonly ledger: Ledger;
  readonly repository: DemoRepository;
  readonly checks: Checks;
  readonly speed: number;
  /** Starts the clients, once. */
  readonly startLoad: () => void;
  readonly say: (text: string) => void;
  readonly title: (text: string) => void;
}

const REFRESH = 'argocd.argoproj.io/refresh';
export const SOON_MS = 45_000;

/** Asks the syncer to look now, as a webhook of the Git server would. */
export async function refresh({ world }: Stage): Promise<void> {
  await world.api.patch(
    APPLICATION,
    { namespace: SYSTEM, name: APP },
    { type: 'merge', body: { metadata: { annotations: { [REFRESH]: 'normal' } } } },
    { fieldManager: 'webhook' },
  );
}

export const short = (sha: string): string => sha.slice(0, 7);

/** Text of a field, '' when it isn't there. */
export function text(object: unknown, ...path: (string | number)[]): string {
  const value = dig(object, ...path);
  return typeof value === 'string' ? value : '';
}

export function number(object: unknown, ...path: (string | number)[]): number {
  const value = dig(object, ...path);
  return typeof value === 'number' ? value : 0;
}

/** The version that a Rollout or ReplicaSet runs: the tag of its image. */
export function versionOf(object: unknown): string {
  const image = text(object, 'spec', 'template', 'spec', 'containers', 0, 'image');
  return image.startsWith(`${IMAGE}:`) ? image.slice(IMAGE.length + 1) : '';
}

export interface Condition {
  readonly sync: string;
  readonly revision: string;
  readonly health: string;
  readonly message: string;
}

export function applicationState({ world }: Stage): Condition {
  const application = world.get(APPLICATION, APPLICATION_KEY);
  return {
    sync: text(application, 'status', 'sync', 'status'),
    revision: text(application, 'status', 'sync', 'revision'),
    health: text(application, 'status', 'health', 'status'),
    message: text(application, 'status', 'health', 'message'),
  };
}

/** Waits until the Application is Synced at `sha` and Healthy. */
export async function settled(stage: Stage, sha: string, withinMs: number): Promise<void> {
  await stage.world.until(`the Application is Synced to ${short(sha)} and Healthy`, withinMs, () => {
    const { sync, revision, health } = applicationState(stage);
    return sync === 'Synced' && revision === sha && health === 'Healthy' ? true : undefined;
  });
}

export interface RolloutState {
  readonly object: KubeObject;
  readonly phase: string;
  readonly message: string;
  readonly version: string;
  readonly stableHash: string;
  readonly currentHash: string;
  readonly aborted: boolean;
}

export function rolloutState({ world }: Stage): RolloutState | undefined {
  const object = world.get(ROLLOUT, ROLLOUT_KEY);
  if (object === undefined) return undefined;
  return {
    object,
    phase: text(object, 'status', 'phase'),
    message: text(object, 'status', 'message'),
    version: versionOf(object),
    stableHash: text(object, 'status', 'stableRS'),
    currentHash: text(object, 'status', 'currentPodHash'),
    aborted: dig(object, 'status', 'abort') === true,
  };
}

/** Waits until the Rollout runs `version` and nothing but it, with status of the newest spec. */
export async function promoted(stage: Stage, version: string, withinMs: number): Promise<RolloutState> {
  return await stage.world.until(`the Rollout is Healthy with ${version}`, withinMs, () => {
    const state = rolloutState(stage);
    if (state?.version !== version || state.phase !== 'Healthy') return undefined;
    const observed = dig(state.object, 'status', 'observedGeneration');
    const current = String(observed) === String(state.object.metadata.generation);
    return current && state.stableHash !== '' && state.stableHash === state.currentHash ? state : undefined;
  });
}

export function replicaSets(stage: Stage): KubeObject[] {
  const rollout = stage.world.get(ROLLOUT, ROLLOUT_KEY);
  return rollout === undefined ? [] : ownedBy(rollout, stage.world.list(REPLICA_SET, NAMESPACE));
}

export function replicaSetOf(stage: Stage, hash: string): KubeObject | undefined {
  return replicaSets(stage).find(({ metadata }) => metadata.labels?.['rollouts-pod-template-hash'] === hash);
}

export function podsOf(stage: Stage, replicaSet: KubeObject): KubeObject[] {
  return ownedBy(replicaSet, stage.world.list(POD, NAMESPACE));
}

export const isReady = (pod: KubeObject): boolean => {
  const conditions = dig(pod, 'status', 'conditions');
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (condition) => text(condition, 'type') === 'Ready' && text(condition, 'status') === 'True',
    )
  );
};

/** Answers to requests sent from now on, when there are `count` of them. */
export async function nextAnswers(stage: Stage, count: number): Promise<Answer[]> {
  const from = Date.now();
  return await stage.world.until(`${count} more answers`, SOON_MS, () => {
    const answers = stage.ledger.since(from);
    return answers.length >= count ? answers : undefined;
  });
}

/** A moment for whoever looks at the picture, with the clients going on. */
export async function beat({ speed, world }: Stage, ms: number): Promise<void> {
  const until = performance.now() + ms / speed;
  await world.until('a moment has passed', SOON_MS, () => (performance.now() >= until ? true : undefined));
}

export const stableService = ({ world }: Stage): KubeObject | undefined => world.get(SERVICE, ROLLOUT_KEY);

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '0 %' : `${((part / whole) * 100).toFixed(1)} %`;
