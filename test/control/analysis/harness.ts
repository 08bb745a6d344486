/** An AnalysisRun controller on a virtual clock, a store of one kind, and providers that answer as told. */

import { applyMergePatch } from '../../../src/lang/patch/merge.ts';
import { deepFreeze } from '../../../src/lang/json.ts';
import type { Json, JsonObject } from '../../../src/lang/json.ts';
import { ApiError, keyOf } from '../../../src/kube/api.ts';
import type { KubeObject, ObjectRef, Patch, ResourceType } from '../../../src/kube/api.ts';
import type { ReadStore } from '../../../src/kube/store.ts';
import type { ControlContext, Log } from '../../../src/control/controller.ts';
import { analysisController } from '../../../src/control/analysis/index.ts';
import type { AnalysisRunSpec, AnalysisRunStatus } from '../../../src/plan/analysis/types.ts';
import { createProviders } from '../../../src/providers/index.ts';
import type { MeasureRequest, MeasurementOutcome } from '../../../src/providers/index.ts';
import { VirtualClock } from '../../../src/sandbox/virtual-clock.ts';

export interface Write {
  verb: 'patch' | 'delete';
  key: string;
  body: JsonObject;
  at: number;
}

export type Measure = (request: MeasureRequest) => Promise<MeasurementOutcome>;

export class Harness {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  readonly writes: Write[] = [];
  readonly events: string[] = [];
  /** Each line of the log, with its fields. */
  readonly logged: string[] = [];
  readonly secrets = new Map<string, Record<string, string>>();
  secretReads = 0;
  /** Throws before a write is applied. */
  beforeWrite: ((write: Write) => void) | undefined;
  /** Throws before a Secret is read. */
  beforeRead: (() => void) | undefined;
  measure: Measure = () => Promise.resolve(scalar(1));
  readonly #objects = new Map<string, KubeObject>();
  readonly #pending = new Set<string>();
  #version = 1;
  #stop = new AbortController();
  #controller = this.#make();
  #running = false;

  create(name: string, spec: AnalysisRunSpec, more: Partial<KubeObject> = {}): string {
    const object: KubeObject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: {
        name,
        namespace: 'ns',
        uid: `uid-${name}-${this.#version}`,
        resourceVersion: String(this.#version++),
        creationTimestamp: new Date(this.clock.now()).toISOString(),
      },
      spec: structuredClone(spec) as unknown,
      ...more,
    };
    const key = keyOf(object.metadata);
    this.#put(key, object);
    return key;
  }

  /** A user's or another controller's merge patch. */
  edit(key: string, patch: JsonObject): void {
    const old = this.#objects.get(key);
    if (old !== undefined) this.#put(key, this.#patched(old, patch));
  }

  remove(key: string): void {
    this.#objects.delete(key);
    this.#enqueue(key);
  }

  object(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  status(key: string): AnalysisRunStatus {
    return (this.#objects.get(key)?.['status'] ?? {}) as AnalysisRunStatus;
  }

  /** The process dies and another one starts: everything in memory is gone. */
  restart(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#controller = this.#make();
    for (const key of this.#objects.keys()) this.#enqueue(key);
  }

  #make() {
    const stores = { of: (): ReadStore => this.#store() };
    const context: ControlContext = {
      clock: this.clock,
      random: () => 0,
      log: this.#log(),
      stores,
      writer: {
        create: () => Promise.reject(new Error('not used')),
        replace: () => Promise.reject(new Error('not used')),
        patch: (_type: ResourceType, ref: ObjectRef, patch: Patch) => this.#patch(ref, patch),
        delete: (_type: ResourceType, ref: ObjectRef) => this.#delete(ref),
      },
      writerThrough: () => {
        throw new Error('not used');
      },
      live: {
        get: (_type, ref) => this.#secret(ref),
        list: () => Promise.reject(new Error('not used')),
      },
      events: {
        record: (about, event) =>
          void this.events.push(`${about.metadata.name} ${event.type} ${event.reason}: ${event.message}`),
        flushed: () => Promise.resolve(),
      },
      instanceId: '',
      ownNamespace: 'sluice',
      watchNamespace: '',
    };
    const http = { request: () => Promise.reject(new Error('no network here')) };
    const providers = createProviders(
      { http, clock: this.clock, env: {} },
      {
        prometheus: () => ({
          type: 'Prometheus',
          measure: (request) => this.measure(request),
          metadata: (metric) => ({ ResolvedPrometheusQuery: metric.provider?.prometheus?.query ?? '' }),
        }),
      },
    );
    const controller = analysisController(context, { http, env: {}, providers });
    controller.attach?.((key) => this.#enqueue(key), this.#stop.signal);
    return controller;
  }

  #log(): Log {
    const line = (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void this.logged.push(`${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: line, info: line, warn: line, error: line, child: () => log };
    return log;
  }

  #store(): ReadStore {
    const objects = this.#objects;
    return {
      get: (key) => objects.get(key),
      values: () => objects.values(),
      byIndex: () => [],
      size: objects.size,
    };
  }

  #put(key: string, object: KubeObject): void {
    this.#objects.set(key, deepFreeze(object));
    this.#enqueue(key);
  }

  #patched(old: KubeObject, patch: JsonObject): KubeObject {
    const next = structuredClone(applyMergePatch(old as unknown as Json, patch)) as unknown as KubeObject;
    next.metadata.resourceVersion = String(this.#version++);
    return next;
  }

  async #patch(ref: ObjectRef, patch: Patch): Promise<KubeObject> {
    const key = keyOf(ref);
    const body = patch.body as JsonObject;
    const write: Write = { verb: 'patch', key, body, at: this.clock.now() };
    this.beforeWrite?.(write);
    const old = this.#objects.get(key);
    if (old === undefined) throw new ApiError({ code: 404, reason: 'NotFound', message: 'gone' });
    const wanted = (body['metadata'] as JsonObject | undefined)?.['resourceVersion'];
    if (wanted !== old.metadata.resourceVersion)
      throw new ApiError({ code: 409, reason: 'Conflict', message: 'the object has been modified' });
    const next = this.#patched(old, body);
    this.#put(key, next);
    this.writes.push(write);
    return next;
  }

  async #delete(ref: ObjectRef): Promise<KubeObject> {
    const key = keyOf(ref);
    const old = this.#objects.get(key);
    if (old === undefined) throw new ApiError({ code: 404, reason: 'NotFound', message: 'gone' });
    this.writes.push({ verb: 'delete', key, body: {}, at: this.clock.now() });
    this.remove(key);
    return old;
  }

  async #secret(ref: ObjectRef): Promise<KubeObject> {
    this.secretReads++;
    this.beforeRead?.();
    const data = this.secrets.get(ref.name);
    if (data === undefined || ref.namespace !== 'ns')
      throw new ApiError({ code: 404, reason: 'NotFound', message: `secrets "${ref.name}" not found` });
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: ref.name },
      data: Object.fromEntries(encoded),
    };
  }

  #enqueue(key: string): void {
    this.#pending.add(key);
    if (this.#running) return;
    this.#running = true;
    void Promise.resolve().then(() => this.#drain());
  }

  async #drain(): Promise<void> {
    for (const key of this.#pending) {
      this.#pending.delete(key);
      try {
        const { requeueAt, retry } = await this.#controller.reconcile(key, this.#stop.signal);
        if (retry === true) this.clock.setTimer(5, () => this.#enqueue(key));
        else if (requeueAt !== undefined)
          this.clock.setTimer(requeueAt - this.clock.now(), () => this.#enqueue(key));
      } catch {
        this.clock.setTimer(100, () => this.#enqueue(key));
      }
    }
    this.#running = false;
  }
}

export const scalar = (value: number): MeasurementOutcome => ({
  kind: 'value',
  value: String(value),
  result: { type: 'scalar', value },
});

export const metric = (name: string, more: object = {}) => ({
  name,
  provider: { prometheus: { address: 'http://p', query: 'q' } },
  ...more,
});
