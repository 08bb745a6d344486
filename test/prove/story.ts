/** A history as people read it: who wrote what, when, and what clients saw. */

import type { KubeObject } from '../../src/kube/api.ts';
import { isObject } from '../../src/lang/json.ts';
import { HASH_LABEL } from '../../src/plan/rollout/names.ts';
import type { History } from './history.ts';
import { tagOf } from './manifests.ts';
import type { Change, Happening, Rehearsed, Traffic, Violation } from './rules/types.ts';
import { START } from './world.ts';

const SILENT: ReadonlySet<string> = new Set(['Lease', 'Event', 'EndpointSlice', 'Pod', 'Namespace', 'Node']);
/** Fields that tell a reader nothing that other lines don't say. */
const NOISE =
  /^(metadata\.(resourceVersion|generation)|status\.(conditions|observedGeneration|\w*[rR]eplicas|HPAReplicas|duration|resourceHealth)\b)/;
const WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight';

export class Story {
  readonly #lines: string[] = [];
  readonly #tags = new Map<string, string>();
  readonly #ready = new Map<string, { version: string; ready: boolean }>();
  #clients: Traffic[] = [];

  constructor(history: History) {
    const { rollout, processes, source } = history.setup;
    const spec = rollout['spec'] as Record<string, unknown>;
    const { template: _, selector: __, ...told } = spec;
    this.#lines.push(
      `seed ${history.seed}, ${history.events.length} events, ${processes === 2 ? 'two processes' : 'one process'}, versions come from ${source === 'rollout' ? 'edits of the Rollout' : source === 'git' ? 'Git' : 'a Deployment'}`,
      `spec: ${JSON.stringify(told)}`,
    );
    for (const object of history.setup.objects) {
      if (object.kind === 'AnalysisTemplate')
        this.#lines.push(
          `template ${object.metadata.name}: ${JSON.stringify((object['spec'] as { metrics?: unknown[] }).metrics?.[0] ?? null)}`,
        );
    }
  }

  get lines(): readonly string[] {
    this.#tellClients();
    return this.#lines;
  }

  see(happening: Happening): void {
    switch (happening.what) {
      case 'traffic':
        this.#clients.push(happening);
        return;
      case 'change':
        for (const text of this.#change(happening)) this.#say(happening.at, text);
        return;
      case 'command':
        this.#say(happening.at, `${happening.who}: ${happening.text}`);
        return;
      case 'fault':
        this.#say(
          happening.at,
          `FAULT ${happening.kind} at ${happening.target}${happening.detail === undefined ? '' : `: ${happening.detail}`}${happening.until > happening.at ? ` for ${(happening.until - happening.at) / 1000} s` : ''}`,
        );
        return;
      case 'process':
        this.#say(happening.at, `process ${happening.name} ${happening.state}`);
        return;
      case 'measurement':
        this.#say(
          happening.at,
          `the backend says ${happening.answer} of a version that is ${happening.truth}, to ${happening.run}`,
        );
        return;
      case 'commit':
        this.#say(happening.at, `${happening.by} commits ${happening.sha.slice(0, 7)}`);
        return;
      case 'quiet':
        this.#say(happening.at, 'no more faults');
        return;
      case 'asked':
        this.#say(
          happening.at,
          `why? ${typeof happening.answer === 'string' ? happening.answer : `${happening.answer.cause}: ${happening.answer.text}`}`,
        );
        return;
      case 'rehearsed':
        this.#say(happening.at, foreseen(happening));
        return;
      case 'pass':
        if (happening.error !== undefined)
          this.#say(
            happening.at,
            `${happening.actor.name}: pass over ${happening.controller} ${happening.key} fails: ${happening.error}`,
          );
        return;
      case 'call':
    }
  }

  violation({ rule, at, text, objects }: Violation): void {
    this.#say(at, `VIOLATION of rule ${rule}: ${text} [${objects.join(', ')}]`);
  }

  #say(at: number, text: string): void {
    this.#tellClients();
    this.#lines.push(`${((at - START) / 1000).toFixed(1).padStart(8)} s  ${text}`);
  }

  /** What they got since something last happened, in one line. */
  #tellClients(): void {
    if (this.#clients.length === 0) return;
    const counts = new Map<string, number>();
    for (const { ok, hash, reason } of this.#clients) {
      const what = ok
        ? this.#version(hash)
        : `FAILED (${reason ?? ''}${hash === undefined ? '' : ` of ${this.#version(hash)}`})`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    this.#clients = [];
    const text = [...counts]
      .sort()
      .map(([what, count]) => `${what} ${count}`)
      .join(', ');
    this.#lines.push(`${' '.repeat(12)}clients got: ${text}`);
  }

  #version(hash: string | undefined): string {
    if (hash === undefined) return 'none';
    return this.#tags.get(hash) ?? hash;
  }

  *#change({ actor, verb, kind, key, subresource, before, after }: Change): Generator<string> {
    const who = actor.role === 'sluice' ? actor.name : actor.role;
    const name = key.slice(key.indexOf('/') + 1);
    if (kind === 'ReplicaSet' && after !== undefined)
      this.#tags.set(after.metadata.labels?.[HASH_LABEL] ?? '', tagOf(after));
    if (kind === 'Pod') {
      yield* this.#pod(key, after ?? before, after === undefined);
      return;
    }
    if (SILENT.has(kind)) return;
    if (verb !== 'update') {
      const about = after ?? before;
      const version =
        about !== undefined && kind === 'ReplicaSet' ? ` (${tagOf(about)}, ${sizeOf(about)} pods)` : '';
      yield `${who} ${verb === 'create' ? 'creates' : 'deletes'} ${kind} ${name}${version}${weightText(after)}`;
      return;
    }
    if (actor.role === 'kubernetes') return;
    const differences = [...differencesOf(before, after, '')].filter((line) => !NOISE.test(line));
    if (differences.length > 0)
      yield `${who} updates ${kind}${subresource === undefined ? '' : `/${subresource}`} ${name}: ${differences.slice(0, 12).join('; ')}`;
  }

  *#pod(key: string, pod: KubeObject | undefined, gone: boolean): Generator<string> {
    const hash = pod?.metadata.labels?.[HASH_LABEL] ?? '';
    const version = this.#version(hash);
    const conditions =
      ((pod?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] }).conditions ?? [];
    const going = gone || pod?.metadata.deletionTimestamp !== undefined;
    const ready = !going && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    const known = this.#ready.get(key);
    if (gone) this.#ready.delete(key);
    else this.#ready.set(key, { version, ready });
    if ((known?.ready ?? false) === ready) return;
    const count = [...this.#ready.values()].filter((item) => item.version === version && item.ready).length;
    yield `${version}: ${count} pods ready`;
  }
}

function foreseen({ foresight }: Rehearsed): string {
  if (typeof foresight === 'string') return `plan? ${foresight}`;
  const { kind, refusal, rehearsal, times } = foresight;
  const finish = times.finish === undefined ? 'never' : `${times.finish / 1000} s`;
  return `plan? ${kind}: ${refusal ?? `${rehearsal.moments.length} moments, ${rehearsal.ending}, finished after ${finish}`}`;
}

const sizeOf = (object: KubeObject): number => (object['spec'] as { replicas?: number }).replicas ?? 1;

function weightText(object: KubeObject | undefined): string {
  const weight = object?.metadata.annotations?.[WEIGHT];
  return weight === undefined ? '' : ` at weight ${weight}`;
}

/** `spec.replicas 1 -> 4`, for every leaf that differs. */
function* differencesOf(before: unknown, after: unknown, path: string): Generator<string> {
  if (before === after) return;
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (path === 'metadata' && key === 'managedFields') continue;
      yield* differencesOf(before[key], after[key], path === '' ? key : `${path}.${key}`);
    }
    return;
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  if (was !== is) yield `${path} ${short(was)} -> ${short(is)}`;
}

const short = (text: string | undefined): string => {
  if (text === undefined) return 'nothing';
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
};
