/** The analysis controller under its manager, on an embedded cluster with Jobs, a scripted web server and virtual time. */

import assert from 'node:assert/strict';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { analysisController } from '../../../src/control/analysis/index.ts';
import type { Log } from '../../../src/control/controller.ts';
import { Manager } from '../../../src/control/manager.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { sleep } from '../../../src/kube/clock.ts';
import { ANALYSIS_RUN, EVENT, JOB } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import type { AnalysisRunSpec, AnalysisRunStatus } from '../../../src/plan/analysis/types.ts';
import type { HttpClient, HttpRequest } from '../../../src/providers/http/types.ts';
import { SandboxCluster, VirtualClock, VirtualKubelet } from '../../../src/sandbox/index.ts';
import type { Call, PodHost } from '../../../src/sandbox/index.ts';

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

export type Around = <T>(call: Call, proceed: () => Promise<T>) => Promise<T>;

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** Pods of Jobs end 1 s after they began, as in the recordings, where scheduling and counting take their time, too. */
const SCHEDULING_MS = 1500;

class Kubelet extends VirtualKubelet {
  readonly #clock: VirtualClock;
  constructor(clock: VirtualClock) {
    super(clock);
    this.#clock = clock;
  }
  override start(pod: KubeObject, host: PodHost): void {
    this.#clock.setTimer(SCHEDULING_MS, () => super.start(pod, host));
  }
}

export class Bench implements AsyncDisposable {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  readonly cluster: SandboxCluster;
  readonly namespace = 'shop';
  /** Each status that the controller wrote, by run. */
  readonly statuses = new Map<string, AnalysisRunStatus[]>();
  readonly requests: HttpRequest[] = [];
  /** By path: given in turn, the last one for ever. */
  web: Record<string, Answer[]> = {};
  /** Stands around each call of the controller. */
  around: Around = (_call, proceed) => proceed();
  readonly #env: Record<string, string>;
  readonly #watchNamespace: string;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: { pods?: boolean; env?: Record<string, string>; watchNamespace?: string } = {}) {
    this.#env = options.env ?? {};
    this.#watchNamespace = options.watchNamespace ?? '';
    this.cluster = new SandboxCluster({
      clock: this.clock,
      namespaces: ['sluice', this.namespace, 'jobs'],
      crds: customResourceDefinitions() as unknown as JsonObject[],
      pods: options.pods === false ? false : new Kubelet(this.clock),
      recordEvents: false,
    });
    this.cluster.start();
    this.start();
  }

  get api() {
    return this.cluster.api();
  }

  start(): void {
    const intercept = {
      call: async <T>(call: Call, proceed: () => Promise<T>): Promise<T> => {
        const result = await this.around(call, proceed);
        if (call.verb === 'patch' && call.type.plural === ANALYSIS_RUN.plural) {
          const { metadata, status } = result as KubeObject & { status: AnalysisRunStatus };
          this.statuses.set(metadata.name, [...(this.statuses.get(metadata.name) ?? []), status]);
        }
        return result;
      },
    };
    const manager = new Manager({
      api: this.cluster.api(undefined, { intercept }),
      clock: this.clock,
      random: () => 0.5,
      log: quiet,
      controllers: [(context) => analysisController(context, { http: this.#http(), env: this.#env })],
      instanceId: '',
      ownNamespace: 'sluice',
      watchNamespace: this.#watchNamespace,
      drainMs: 0,
    });
    this.#stop = new AbortController();
    this.#running = manager.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    const stopped = this.#running;
    await this.clock.advance(30_000);
    await stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.cluster.stop();
  }

  async create(name: string, spec: AnalysisRunSpec, metadata: object = {}): Promise<KubeObject> {
    return await this.api.create(ANALYSIS_RUN, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { ...metadata, name, namespace: this.namespace },
      spec,
    });
  }

  async status(name: string): Promise<AnalysisRunStatus> {
    const run = await this.api.get(ANALYSIS_RUN, { namespace: this.namespace, name });
    return (run['status'] ?? {}) as AnalysisRunStatus;
  }

  async terminate(name: string): Promise<void> {
    await this.api.patch(
      ANALYSIS_RUN,
      { namespace: this.namespace, name },
      { type: 'merge', body: { spec: { terminate: true } } },
    );
  }

  async jobs(namespace = this.namespace): Promise<KubeObject[]> {
    return (await this.api.list(JOB, { namespace })).items;
  }

  async events(name: string): Promise<[string, string, string][]> {
    const { items } = await this.api.list(EVENT, { namespace: this.namespace });
    return items
      .filter((event) => (event['involvedObject'] as { name?: string }).name === name)
      .map((event) => [String(event['type']), String(event['reason']), String(event['message'])]);
  }

  #http(): HttpClient {
    return {
      request: async (request) => {
        await sleep(this.clock, 20);
        this.requests.push(request);
        const answers = this.web[new URL(request.url).pathname] ?? assert.fail(request.url);
        const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? assert.fail(request.url);
        return { status: answer.status ?? 200, headers: {}, body: JSON.stringify(answer.body) };
      },
    };
  }
}
