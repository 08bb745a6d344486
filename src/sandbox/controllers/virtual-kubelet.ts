/**
 * Pods without programs: they become ready, fail and end by the clock alone. Used for simulation and wherever no
 * traffic is wanted. Times are those of the recordings' stages.
 *
 * | pod | what it does |
 * |---|---|
 * | image tag `slow...` | ready after 6 s |
 * | image tag `bad...` | never ready; ErrImagePull after 1 s |
 * | pod of a Job | runs at once, ends after 1 s; fails when its command holds `exit 1` |
 * | others | ready after 1.5 s |
 *
 * Annotations `sandbox.sluice.dev/start-delay-ms` and `sandbox.sluice.dev/crash: "true"` change that. A deleted
 * pod is gone at once, or after `sandbox.sluice.dev/stop-delay-ms` within its grace period.
 */

import { formatTime } from '../../lang/time.ts';
import type { KubeObject } from '../../kube/api.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import { controllerOf, list, record } from './objects.ts';
import type { ContainerReport, ContainerState, PodHost, PodRuntime } from './pods.ts';

const PREFIX = 'sandbox.sluice.dev/';
const READY_MS = 1500;
const SLOW_MS = 6000;
const BAD_MS = 1000;
const JOB_MS = 1000;
/** Restarts of a crashing container come later and later. */
const CRASH_BACKOFF_MS = [10_000, 20_000, 40_000, 80_000, 160_000, 300_000];

const setting = (pod: KubeObject, name: string): string | undefined =>
  pod.metadata.annotations?.[PREFIX + name];

function milliseconds(pod: KubeObject, name: string): number | undefined {
  const value = Number(setting(pod, name) ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? Math.min(value, 86_400_000) : undefined;
}

const tagOf = (image: unknown): string => {
  const name = String(image).slice(String(image).lastIndexOf('/') + 1);
  return name.includes(':') ? name.slice(name.indexOf(':') + 1) : '';
};

export class VirtualKubelet implements PodRuntime {
  readonly #clock: Clock;
  readonly #timers = new Map<string, Timer>();
  #nextAddress = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(pod: KubeObject, host: PodHost): void {
    const containers = list(record(pod['spec'])['containers']);
    const tags = containers.map((container) => tagOf(container['image']));
    if (controllerOf(pod)?.kind === 'Job') this.#runJob(pod, host);
    else if (tags.some((tag) => tag.startsWith('bad')))
      this.#later(pod, BAD_MS, () => this.#imageFails(pod, host));
    else {
      const natural = tags.some((tag) => tag.startsWith('slow')) ? SLOW_MS : READY_MS;
      this.#later(pod, milliseconds(pod, 'start-delay-ms') ?? natural, () => {
        if (setting(pod, 'crash') === 'true') this.#crash(pod, host, 0);
        else this.#run(pod, host);
      });
    }
  }

  stop(pod: KubeObject, graceMs: number, host: PodHost): void {
    const delay = Math.min(milliseconds(pod, 'stop-delay-ms') ?? 0, graceMs);
    const ref = idOf(pod);
    if (delay === 0) {
      this.#cancel(pod);
      host.stopped(ref);
    } else this.#later(pod, delay, () => host.stopped(ref));
  }

  remove(pod: KubeObject): void {
    this.#cancel(pod);
  }

  #later(pod: KubeObject, delayMs: number, task: () => void): void {
    this.#cancel(pod);
    const uid = pod.metadata.uid as string;
    this.#timers.set(
      uid,
      this.#clock.setTimer(delayMs, () => {
        this.#timers.delete(uid);
        task();
      }),
    );
  }

  #cancel(pod: KubeObject): void {
    const uid = pod.metadata.uid as string;
    this.#timers.get(uid)?.cancel();
    this.#timers.delete(uid);
  }

  #run(pod: KubeObject, host: PodHost): void {
    const startedAt = formatTime(this.#clock.now());
    host.report(idOf(pod), {
      phase: 'Running',
      podIP: this.#address(),
      containers: all(pod, { running: { startedAt } }, true),
    });
  }

  #imageFails(pod: KubeObject, host: PodHost): void {
    const state: ContainerState = { waiting: { reason: 'ErrImagePull', message: 'no such image' } };
    host.report(idOf(pod), { phase: 'Pending', containers: all(pod, state, false) });
  }

  #crash(pod: KubeObject, host: PodHost, restarts: number): void {
    const finishedAt = formatTime(this.#clock.now());
    const ended: ContainerState = { terminated: { exitCode: 1, reason: 'Error', finishedAt } };
    const waiting: ContainerState = {
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' },
    };
    host.report(idOf(pod), {
      phase: 'Running',
      containers: all(pod, waiting, false).map((item) => ({
        ...item,
        restartCount: restarts,
        lastState: ended,
      })),
    });
    const wait = CRASH_BACKOFF_MS[Math.min(restarts, CRASH_BACKOFF_MS.length - 1)] as number;
    this.#later(pod, wait, () => this.#crash(pod, host, restarts + 1));
  }

  #runJob(pod: KubeObject, host: PodHost): void {
    const startedAt = formatTime(this.#clock.now());
    const podIP = this.#address();
    host.report(idOf(pod), {
      phase: 'Running',
      podIP,
      containers: all(pod, { running: { startedAt } }, true),
    });
    this.#later(pod, milliseconds(pod, 'start-delay-ms') ?? JOB_MS, () => {
      const first = list(record(pod['spec'])['containers'])[0] ?? {};
      const words = [first['command'], first['args']].flatMap((part) =>
        Array.isArray(part) ? part.map(String) : [],
      );
      const failed = words.join(' ').includes('exit 1');
      const state: ContainerState = {
        terminated: {
          exitCode: failed ? 1 : 0,
          reason: failed ? 'Error' : 'Completed',
          startedAt,
          finishedAt: formatTime(this.#clock.now()),
        },
      };
      host.report(idOf(pod), {
        phase: failed ? 'Failed' : 'Succeeded',
        podIP,
        containers: all(pod, state, false),
      });
    });
  }

  /** Nobody can reach it; it only has to be there and to be different. */
  #address(): string {
    const n = this.#nextAddress++;
    return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  }
}

export const idOf = (pod: KubeObject): { namespace: string; name: string; uid: string } => ({
  namespace: pod.metadata.namespace as string,
  name: pod.metadata.name,
  uid: pod.metadata.uid as string,
});

const all = (pod: KubeObject, state: ContainerState, ready: boolean): ContainerReport[] =>
  list(record(pod['spec'])['containers']).map((container) => ({
    name: String(container['name']),
    ready,
    state,
  }));
