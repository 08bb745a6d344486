/**
 * The one way out: the leadership fence, the field manager, and what was written goes back into the store before
 * the writer returns. After a write without an answer the object is read live, so that nobody decides on a cache
 * that may be older than what we did (invariants 14 to 16).
 */

import type {
  DeleteOptions,
  KubeApi,
  KubeObject,
  ObjectRef,
  Patch,
  ResourceType,
  WriteOptions,
} from '../kube/api.ts';
import { ApiUnreachable, isConflict, isNotFound, keyOf } from '../kube/api.ts';
import { linkedAbort } from '../kube/abort.ts';
import type { Clock } from '../kube/clock.ts';
import type { WriteBack } from '../kube/store.ts';
import type { Writer } from './controller.ts';

export const FIELD_MANAGER = 'sluice';

/** This process is not the leader (any more), so it writes nothing. The pass is simply over. */
export class NotLeading extends Error {
  override readonly name = 'NotLeading';
  constructor() {
    super('this process does not hold the lease, so it writes nothing');
  }
}

export interface WriteObservation {
  readonly verb: 'create' | 'patch' | 'replace' | 'delete';
  readonly type: ResourceType;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface WriterOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** Whether a new write may be started now. */
  readonly mayWrite: () => boolean;
  readonly store: (type: ResourceType) => WriteBack | undefined;
  readonly fieldManager?: string | undefined;
  /** Each write that was answered with a success. */
  readonly onWrite?: ((observation: WriteObservation) => void) | undefined;
  readonly onWarning?: ((text: string, type: ResourceType, name: string) => void) | undefined;
}

/** How long to try to learn what became of a write that was not answered. */
const SETTLE_MS = 5_000;

export class FencedWriter implements Writer {
  readonly #options: WriterOptions;
  readonly #fieldManager: string;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#fieldManager = options.fieldManager ?? FIELD_MANAGER;
  }

  /** The same over another client: same fence, stores and counts. */
  through(api: KubeApi): FencedWriter {
    return new FencedWriter({ ...this.#options, api });
  }

  create(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions & { ref?: ObjectRef } = {},
  ): Promise<KubeObject> {
    const ref = options.ref ?? object.metadata;
    return this.#write('create', type, ref, options, (given) =>
      this.#options.api.create(type, object, {
        ...given,
        ...(options.ref === undefined ? {} : { ref: options.ref }),
      }),
    );
  }

  patch(type: ResourceType, ref: ObjectRef, patch: Patch, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('patch', type, ref, options, (given) =>
      this.#options.api.patch(type, ref, patch, given),
    );
  }

  replace(type: ResourceType, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('replace', type, object.metadata, options, (given) =>
      this.#options.api.replace(type, object, given),
    );
  }

  async delete(type: ResourceType, ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject> {
    this.#fence();
    const store = this.#options.store(type);
    try {
      const answer = await this.#options.api.delete(type, ref, options);
      if (options.dryRun !== true) {
        this.#observe('delete', type, ref, undefined);
        // Held by finalizers or a grace period it is terminating; else the answer is its last state, or a Status.
        if (answer.kind === type.kind && answer.metadata.deletionTimestamp !== undefined)
          store?.remember(answer);
        else store?.forget(keyOf(ref), uidIn(answer) ?? options.preconditions?.uid);
      }
      return answer;
    } catch (error) {
      if (error instanceof ApiUnreachable) await this.#settle(type, ref, options.signal);
      if (isNotFound(error)) store?.forget(keyOf(ref), options.preconditions?.uid);
      throw error;
    }
  }

  async #write(
    verb: WriteObservation['verb'],
    type: ResourceType,
    ref: ObjectRef,
    options: WriteOptions,
    send: (options: WriteOptions) => Promise<KubeObject>,
  ): Promise<KubeObject> {
    this.#fence();
    const onWarning =
      options.onWarning ?? ((text: string) => this.#options.onWarning?.(text, type, keyOf(ref)));
    try {
      const written = await send({
        ...options,
        fieldManager: options.fieldManager ?? this.#fieldManager,
        onWarning,
      });
      if (options.dryRun !== true) {
        this.#observe(verb, type, ref, options.subresource);
        this.#options.store(type)?.remember(written);
      }
      return written;
    } catch (error) {
      // A patch of what is not there: the event of its deletion was lost, and the store must not go on showing it.
      const outdated = error instanceof ApiUnreachable || isConflict(error) || isNotFound(error);
      if (options.dryRun !== true && outdated && ref.name !== '') {
        await this.#settle(type, ref, options.signal);
      }
      throw error;
    }
  }

  #fence(): void {
    if (!this.#options.mayWrite()) throw new NotLeading();
  }

  #observe(verb: WriteObservation['verb'], type: ResourceType, ref: ObjectRef, subresource?: string): void {
    this.#options.onWrite?.({ verb, type, subresource, namespace: ref.namespace, name: ref.name });
  }

  /** Reads the object live into the store. Bounded, and silent: the error of the write is what counts. */
  async #settle(type: ResourceType, ref: ObjectRef, signal: AbortSignal | undefined): Promise<void> {
    const store = this.#options.store(type);
    if (store === undefined || (type.namespaced && !ref.namespace)) return;
    const bounded = linkedAbort(signal);
    const timer = this.#options.clock.setTimer(SETTLE_MS, () => bounded.abort());
    try {
      store.remember(await this.#options.api.get(type, ref, { signal: bounded.signal, priority: 'high' }));
    } catch (error) {
      if (isNotFound(error)) store.forget(keyOf(ref), undefined);
    } finally {
      timer.cancel();
      bounded.unlink();
    }
  }
}

/** `details.uid` of the Status that answers a delete, or the uid of the object itself. */
function uidIn(answer: KubeObject): string | undefined {
  if (answer.kind !== 'Status') return answer.metadata?.uid;
  const details = answer['details'] as { uid?: unknown } | undefined;
  return typeof details?.uid === 'string' ? details.uid : undefined;
}
