/**
 * The same rules over the watch of a real API server (or the sandbox behind HTTP). Who wrote is what managedFields say;
 * watches of several kinds are brought back into the order of the server by their resourceVersions.
 */

import type { KubeApi, KubeObject, ManagedFieldsEntry, ResourceType } from '../../src/kube/api.ts';
import { keyOf } from '../../src/kube/api.ts';
import { systemClock } from '../../src/kube/clock.ts';
import {
  ANALYSIS_RUN,
  APPLICATION,
  ENDPOINT_SLICE,
  EVENT,
  INGRESS,
  LEASE,
  POD,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../../src/kube/kinds.ts';
import { watchSteps, withBackoff } from '../../src/kube/watch.ts';
import { RuleWatch, type Tally } from './rules/index.ts';
import type { Actor, Change, Role, Violation } from './rules/types.ts';

const KINDS: readonly ResourceType[] = [
  ROLLOUT,
  REPLICA_SET,
  POD,
  SERVICE,
  INGRESS,
  ANALYSIS_RUN,
  APPLICATION,
  ENDPOINT_SLICE,
  EVENT,
  LEASE,
];

/** Streams of several kinds are apart by less than that. */
const SETTLE_MS = 1_000;
/** How long the last events may take, and whatever follows from them. */
const DRAIN_MS = 3_000;

export interface RealWatch {
  readonly violations: readonly Violation[];
  tally(): readonly Tally[];
  /** How many state changes were seen. */
  readonly changes: number;
  /** Lets the last events in, and ends. `atRest`: nothing more is to come, so the ends of the rules are asked too. */
  stop(options?: { atRest?: boolean }): Promise<readonly Violation[]>;
}

interface Waiting {
  readonly revision: number;
  readonly arrivedAt: number;
  readonly type: ResourceType;
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** Resolves when every kind that the server serves has been listed. */
export async function watchRules(api: KubeApi): Promise<RealWatch> {
  const rules = new RuleWatch({ has: [] });
  const known = new Map<string, KubeObject>();
  const stop = new AbortController();
  let waiting: Waiting[] = [];
  let changes = 0;

  const release = (until: number): void => {
    const due = waiting.filter(({ arrivedAt }) => arrivedAt <= until);
    if (due.length === 0) return;
    // Whatever is older on the server goes before it, also what arrived a moment later.
    const newest = Math.max(...due.map(({ revision }) => revision));
    const ready = waiting.filter(({ revision }) => revision <= newest);
    waiting = waiting.filter(({ revision }) => revision > newest);
    for (const one of ready.sort((a, b) => a.revision - b.revision)) tell(one);
  };
  const tell = ({ type, object, gone, arrivedAt }: Waiting): void => {
    const key = keyOf(object.metadata);
    const id = `${type.kind} ${key}`;
    const before = known.get(id);
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion && !gone) return;
    if (gone) known.delete(id);
    else known.set(id, object);
    changes++;
    rules.see(changeOf(type, before, gone ? undefined : object, arrivedAt));
  };

  const timer = setInterval(() => release(Date.now() - SETTLE_MS), SETTLE_MS / 4);
  const follow = async (type: ResourceType, synced: () => void): Promise<void> => {
    let listed = new Set<string>();
    const options = { clock: systemClock, random: () => 0.5, signal: stop.signal };
    const take = (object: KubeObject, gone: boolean): void => {
      const revision = Number(object.metadata.resourceVersion ?? 0);
      waiting.push({ revision, arrivedAt: Date.now(), type, object, gone });
    };
    for await (const step of withBackoff(watchSteps(api, type, options), options)) {
      if (step.type === 'restarted') listed = new Set();
      else if (step.type === 'page')
        for (const object of step.objects) {
          listed.add(keyOf(object.metadata));
          take(object, false);
        }
      else if (step.type === 'synced') {
        for (const object of known.values())
          if (object.kind === type.kind && !listed.has(keyOf(object.metadata))) take(object, true);
        synced();
      } else if (step.type === 'failed') synced();
      else take(step.object, step.type === 'deleted');
    }
  };
  const ended: Promise<void>[] = [];
  await Promise.all(
    KINDS.map(
      (type) =>
        new Promise<void>((synced) => {
          ended.push(follow(type, synced).catch(() => synced()));
        }),
    ),
  );

  return {
    violations: rules.violations,
    tally: () => rules.tally(),
    get changes(): number {
      return changes;
    },
    async stop({ atRest = false } = {}) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
      clearInterval(timer);
      release(Infinity);
      stop.abort();
      await Promise.all(ended);
      if (atRest) rules.end(Date.now());
      return rules.violations;
    },
  };
}

/** One step of a watch as a happening. Exported for its test. */
export function changeOf(
  type: ResourceType,
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  at: number,
): Change {
  const object = (after ?? before) as KubeObject;
  const entry = after === undefined ? undefined : lastWriter(before, after);
  return {
    what: 'change',
    at,
    actor: actorOf(entry?.manager),
    verb: after === undefined ? 'delete' : before === undefined ? 'create' : 'update',
    kind: type.kind,
    key: keyOf(object.metadata),
    subresource: entry?.subresource,
    before,
    after,
  };
}

/** The entry that is new or has changed; of several the newest. */
function lastWriter(before: KubeObject | undefined, after: KubeObject): ManagedFieldsEntry | undefined {
  const old = new Set((before?.metadata.managedFields ?? []).map((entry) => JSON.stringify(entry)));
  const entries = (after.metadata.managedFields ?? []).filter((entry) => !old.has(JSON.stringify(entry)));
  return entries.toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))[0];
}

const OURS: ReadonlySet<string> = new Set(['sluice', 'sluice-syncer']);
const KUBERNETES = /^(kube-|kubelet|kwok|virtual-kubelet|k3s|kubernetes)/;

function actorOf(manager: string | undefined): Actor {
  const name = manager ?? 'unknown';
  const role: Role =
    manager === undefined
      ? 'unknown'
      : OURS.has(manager)
        ? 'sluice'
        : KUBERNETES.test(manager)
          ? 'kubernetes'
          : 'person';
  return { role, name };
}
