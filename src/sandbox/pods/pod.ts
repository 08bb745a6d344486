/**
 * One pod's life on the sandbox's node, as a kubelet would lead it: pull, start, probe, crash and start again,
 * and at the end drain within the grace period. Only the first container is a program; the others are said to run.
 *
 *   starting ─► running ─► stopping ─► (gone)
 *      │           │ crash
 *      │           ▼
 *      │        backing off ─► starting
 *      └─► image missing (for ever)
 */

import { formatTime } from '../../lang/time.ts';
import type { KubeObject } from '../../kube/api.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import { list, record } from '../controllers/objects.ts';
import type { ContainerState, PodHost } from '../controllers/pods.ts';
import { type Behaviour, behaviourOf, type Probe } from './behaviour.ts';
import type { PodNetwork } from './network.ts';
import { probe } from './probe.ts';
import { type PodServer, startPodServer } from './server.ts';

export interface PodContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly network: PodNetwork;
}

/** From the decision to run until a container is created. */
const CREATE_MS = 100;
/** How long a pod that is being deleted still takes new connections: nobody learns of it in no time. */
const LINGER_MS = 500;
const BACKOFF_MS = [10_000, 20_000, 40_000, 80_000, 160_000, 300_000];

export class PodUnit {
  readonly pod: KubeObject;
  readonly behaviour: Behaviour;
  readonly address: string;
  readonly #context: PodContext;
  readonly #host: PodHost;
  readonly #id: { namespace: string; name: string; uid: string };
  #server: PodServer | undefined;
  #timer: Timer | undefined;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #last: ContainerState | undefined;
  #restarts = 0;
  #ready = false;
  #streak = { passed: 0, failed: 0 };
  /** Raised with every start and stop: what an older life comes back with is dropped. */
  #life = 0;
  #stopping = false;

  constructor(pod: KubeObject, context: PodContext, host: PodHost) {
    this.pod = pod;
    this.behaviour = behaviourOf(pod);
    this.#context = context;
    this.#host = host;
    this.address = context.network.allocate();
    this.#id = {
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name,
      uid: pod.metadata.uid ?? '',
    };
  }

  /** The server's counters while it listens. */
  get server(): PodServer | undefined {
    return this.#server;
  }

  start(): void {
    this.#report('Pending');
    this.#later(CREATE_MS, () => (this.behaviour.badImage ? this.#pullFails(0) : this.#create()));
  }

  /** Takes no part in new endpoints, answers what still comes, ends within `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#timer?.cancel();
    this.#stopping = true;
    const life = ++this.#life;
    const server = this.#server;
    this.#event('Normal', 'Killing', `Stopping container ${this.#name}`);
    if (server !== undefined) {
      server.retire();
      const linger = Math.min(LINGER_MS, graceMs);
      await new Promise<void>((resolve) => {
        this.#timer = this.#context.clock.setTimer(linger, resolve);
      });
      if (life !== this.#life) return;
      await server.drain(graceMs - linger);
    }
    if (life !== this.#life) return;
    this.#server = undefined;
    this.#host.stopped(this.#id);
  }

  /** Lets everything go at once. */
  kill(): void {
    this.#life += 1;
    this.#timer?.cancel();
    this.#server?.kill();
    this.#server = undefined;
    this.#context.network.release(this.address);
  }

  get #name(): string {
    return String(list(record(this.pod['spec'])['containers'])[0]?.['name'] ?? '');
  }

  get #image(): string {
    return String(list(record(this.pod['spec'])['containers'])[0]?.['image'] ?? '');
  }

  #create(): void {
    const life = ++this.#life;
    this.#event('Normal', 'Pulled', `Container image "${this.#image}" already present on machine`);
    this.#event('Normal', 'Created', `Container created`);
    this.#event('Normal', 'Started', `Container started`);
    const { readiness, startDelayMs, crash } = this.behaviour;
    const startedAt = formatTime(this.#context.clock.now());
    this.#state = { running: { startedAt } };
    // Without a probe a container is ready as soon as it runs, whether or not it listens yet: as in a real cluster.
    this.#ready = readiness === undefined && !crash && startDelayMs > 0;
    this.#report('Running');
    this.#later(startDelayMs, () => (crash ? this.#crash(startedAt) : void this.#listen(life)));
  }

  async #listen(life: number): Promise<void> {
    const { clock, network, random } = this.#context;
    try {
      const server = await startPodServer({
        pod: this.#id.name,
        address: this.address,
        behaviour: this.behaviour,
        network,
        clock,
        random,
      });
      if (life !== this.#life) {
        server.kill();
        return;
      }
      this.#server = server;
    } catch (error) {
      if (life !== this.#life) return;
      this.#event('Warning', 'Failed', `Error: ${error instanceof Error ? error.message : String(error)}`);
      this.#crash(formatTime(clock.now()));
      return;
    }
    const { readiness } = this.behaviour;
    if (readiness === undefined) {
      this.#ready = true;
      this.#report('Running');
    } else {
      this.#streak = { passed: 0, failed: 0 };
      this.#later(readiness.initialDelayMs, () => void this.#probe(readiness, life));
    }
  }

  async #probe(readiness: Probe, life: number): Promise<void> {
    const failure = await probe(readiness, this.#context.network.dial(this.address, readiness.port));
    if (life !== this.#life || this.#stopping) return;
    if (failure === undefined) this.#streak = { passed: this.#streak.passed + 1, failed: 0 };
    else {
      this.#streak = { passed: 0, failed: this.#streak.failed + 1 };
      if (this.#streak.failed <= 3) this.#event('Warning', 'Unhealthy', `Readiness probe failed: ${failure}`);
    }
    const ready = this.#ready
      ? this.#streak.failed < readiness.failureThreshold
      : this.#streak.passed >= readiness.successThreshold;
    if (ready !== this.#ready) {
      this.#ready = ready;
      this.#report('Running');
    }
    this.#later(readiness.periodMs, () => void this.#probe(readiness, life));
  }

  #crash(startedAt: string): void {
    const finishedAt = formatTime(this.#context.clock.now());
    const backoff = BACKOFF_MS[Math.min(this.#restarts, BACKOFF_MS.length - 1)] ?? 0;
    this.#last = { terminated: { exitCode: 1, reason: 'Error', startedAt, finishedAt } };
    const message =
      `back-off ${backoff / 1000}s restarting failed container=${this.#name} ` +
      `pod=${this.#id.name}_${this.#id.namespace}(${this.#id.uid})`;
    this.#state = { waiting: { reason: 'CrashLoopBackOff', message } };
    this.#ready = false;
    this.#report('Running');
    this.#event('Warning', 'BackOff', message);
    this.#later(backoff, () => {
      this.#restarts += 1;
      this.#create();
    });
  }

  /** Two faces by turns, as the kubelet shows them. */
  #pullFails(tries: number): void {
    const image = this.#image;
    const error = `failed to pull and unpack image "${image}": not found`;
    this.#state = { waiting: { reason: 'ErrImagePull', message: error } };
    this.#report('Pending');
    this.#event('Warning', 'Failed', `Failed to pull image "${image}": ${error}`);
    const backoff = BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)] ?? 0;
    this.#later(Math.min(1000, backoff), () => {
      this.#state = {
        waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${error}` },
      };
      this.#report('Pending');
      this.#event('Normal', 'BackOff', `Back-off pulling image "${image}"`);
      this.#later(backoff, () => this.#pullFails(tries + 1));
    });
  }

  #report(phase: 'Pending' | 'Running'): void {
    if (this.#stopping) return;
    const containers = list(record(this.pod['spec'])['containers']);
    this.#host.report(this.#id, {
      phase,
      podIP: phase === 'Running' ? this.address : undefined,
      containers: containers.map((container) => ({
        name: String(container['name']),
        ready: this.#ready,
        started: this.#server !== undefined,
        restartCount: this.#restarts,
        state: this.#state,
        ...(this.#last === undefined ? {} : { lastState: this.#last }),
      })),
    });
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#host.event(this.#id, type, reason, message);
  }

  #later(delayMs: number, task: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.setTimer(delayMs, task);
  }
}
