/**
 * Compares by server-side apply dry runs, and remembers the answers for as long as neither Git's manifest nor the
 * live object changes: a settled Application costs no requests.
 */

import type { JsonObject } from '../../lang/json.ts';
import type { KubeObject } from '../../kube/api.ts';
import { ApiError } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { comparable, compareWithDryRun } from '../../plan/sync/compare.ts';
import type { Comparison, DesiredResource } from '../../plan/sync/index.ts';
import type { Writer } from '../controller.ts';
import type { DesiredObject } from './desired.ts';
import { digestOf } from './rendering.ts';

export const FIELD_MANAGER = 'sluice-syncer';

/** Even a remembered answer is asked again after so long (a webhook or a default may have changed). */
const KEEP_MS = 30 * 60_000;
const PARALLEL = 8;

interface Remembered {
  readonly digest: string;
  readonly comparison: Comparison;
  readonly droppedFields: readonly string[];
  readonly at: number;
}

export class DryRuns {
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Map<string, Remembered>>();

  constructor(writer: Writer, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  forget(application: string): void {
    this.#remembered.delete(application);
  }

  /** Throws when the server can't answer; a refusal of one resource is an answer. */
  async compare(
    application: string,
    objects: readonly (DesiredObject & { readonly live: KubeObject | undefined })[],
    validate: boolean,
    signal: AbortSignal,
  ): Promise<DesiredResource[]> {
    const before = this.#remembered.get(application) ?? new Map<string, Remembered>();
    const after = new Map<string, Remembered>();
    const results: DesiredResource[] = [];
    const queue = objects.map((object, index) => ({ object, index }));
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { object, index } = next;
        const live = object.live as unknown as JsonObject | undefined;
        const key = digestOf(object.identity);
        const digest = digestOf([object.manifest, live === undefined ? null : comparable(live), validate]);
        const known = before.get(key);
        const fresh =
          known !== undefined && known.digest === digest && this.#clock.monotonic() - known.at < KEEP_MS;
        const answer = fresh
          ? known
          : { digest, at: this.#clock.monotonic(), ...(await this.#ask(object, validate, signal)) };
        // What was refused may be taken next time: only good answers are kept.
        if (answer.comparison.state === 'equal' || answer.comparison.state === 'differs')
          after.set(key, answer);
        results[index] = {
          identity: object.identity,
          manifest: object.manifest,
          fromGit: object.fromGit,
          live,
          comparison: answer.comparison,
          droppedFields: answer.droppedFields,
        };
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, objects.length) }, work));
    this.#remembered.set(application, after);
    return results;
  }

  async #ask(
    object: DesiredObject & { readonly live: KubeObject | undefined },
    validate: boolean,
    signal: AbortSignal,
  ): Promise<{ comparison: Comparison; droppedFields: string[] }> {
    const { identity, manifest, type, live } = object;
    if (object.refused !== undefined || type === undefined) {
      return {
        comparison: { state: 'refused', message: object.refused ?? 'unknown kind' },
        droppedFields: [],
      };
    }
    if (object.unready !== undefined) {
      return { comparison: { state: 'unready', reason: object.unready }, droppedFields: [] };
    }
    const warnings: string[] = [];
    try {
      const result = await this.#writer.patch(
        type,
        { namespace: identity.namespace === '' ? undefined : identity.namespace, name: identity.name },
        { type: 'apply', body: manifest, force: true },
        {
          fieldManager: FIELD_MANAGER,
          dryRun: true,
          fieldValidation: validate ? 'Warn' : 'Ignore',
          onWarning: (text) => warnings.push(text),
          signal,
        },
      );
      const droppedFields = warnings.filter((text) => /unknown field|duplicate field/i.test(text));
      const comparison =
        live === undefined
          ? ({ state: 'missing' } as const)
          : compareWithDryRun(live as unknown as JsonObject, result as unknown as JsonObject);
      return { comparison, droppedFields };
    } catch (error) {
      if (error instanceof ApiError && isRefusal(error)) {
        return { comparison: { state: 'refused', message: error.message }, droppedFields: [] };
      }
      throw error;
    }
  }
}

/** The server looked at the manifest and said no, as opposed to not being able to look. */
function isRefusal(error: ApiError): boolean {
  if (error.code >= 400 && error.code < 500) return error.code !== 429 && error.code !== 408;
  return /failed to create typed|not declared in schema/.test(error.message);
}
