/**
 * Leader election over `coordination.k8s.io/v1` Leases, as client-go does it, with two differences: the lease is
 * released on a graceful stop, and leadership is a statement about time (`holds()`), not a flag. A process that
 * was stopped for longer than the lease knows on waking that it isn't the leader any more, before any timer ran.
 *
 * Expiry of somebody else's lease is judged by our own monotonic clock since we last saw the record change;
 * clocks of different machines are never compared.
 */

import { formatMicroTime } from '../lang/time.ts';
import { linkedAbort } from './abort.ts';
import type { KubeApi, KubeObject, ObjectRef } from './api.ts';
import { apiVersionOf, isAlreadyExists, isConflict, isNotFound } from './api.ts';
import { type Clock, sleep } from './clock.ts';
import { LEASE } from './kinds.ts';

export interface LeaseTimes {
  /** Others may take over so long after the last renewal. */
  readonly leaseDurationMs: number;
  /** The leader gives up so long after its last successful renewal. Less than leaseDurationMs. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

export const DEFAULT_LEASE_TIMES: LeaseTimes = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export const leaseSpecOf = (lease: KubeObject): LeaseSpec => (lease['spec'] ?? {}) as LeaseSpec;

/** A lease of another kind of controller, held so that it stays passive. */
export interface ForeignLease {
  readonly namespace: string;
  readonly name: string;
  /** Whether it may be made where it isn't there. Absent: never. */
  readonly mayCreate?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

/** One Lease that we want to hold. Knows what it saw last, and when. */
export class LeaseLock {
  readonly ref: Required<Pick<ObjectRef, 'name'>> & { readonly namespace: string };
  readonly #api: KubeApi;
  readonly #clock: Clock;
  readonly #identity: string;
  readonly #times: LeaseTimes;
  readonly #isPredecessor: (holder: string) => boolean;
  readonly #mayCreate: (signal: AbortSignal) => Promise<boolean>;
  #rival = '';
  #observed: KubeObject | undefined;
  #observedSpec = '';
  #observedAt = 0;
  /** The last write failed or was not answered, so what we saw last may not be true any more. */
  #doubted = true;

  constructor(options: {
    api: KubeApi;
    clock: Clock;
    ref: { namespace: string; name: string };
    identity: string;
    times: LeaseTimes;
    /** Holders from whom it is taken without waiting: they lead no more. */
    isPredecessor?: ((holder: string) => boolean) | undefined;
    /** Absent: it is made where it isn't there. */
    mayCreate?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  }) {
    this.#api = options.api;
    this.#clock = options.clock;
    this.ref = options.ref;
    this.#identity = options.identity;
    this.#times = options.times;
    this.#isPredecessor = options.isPredecessor ?? (() => false);
    this.#mayCreate = options.mayCreate ?? (() => Promise.resolve(true));
  }

  /** Who else took or renewed it while we looked on; '' when nobody is known to be alive. */
  get rival(): string {
    return this.#rival;
  }

  /** Who holds it, as far as we know. */
  get holder(): string {
    return this.#observed === undefined ? '' : (leaseSpecOf(this.#observed).holderIdentity ?? '');
  }

  /** True when we hold it now. Rejects when the API server gave no usable answer. */
  async tryAcquireOrRenew(signal?: AbortSignal): Promise<boolean> {
    // The holder renews by one PUT on what it wrote last; everyone else has to look first.
    if (this.#doubted || this.holder !== this.#identity) {
      try {
        this.#observe(await this.#api.get(LEASE, this.ref, { signal, priority: 'high' }));
      } catch (error) {
        if (!isNotFound(error)) throw error;
        this.#observed = undefined;
        if (!(await this.#mayCreate(signal ?? new AbortController().signal))) return false;
        return this.#write(undefined, signal);
      }
    }
    const current = this.#observed;
    if (current === undefined) return false;
    const spec = leaseSpecOf(current);
    const holder = spec.holderIdentity ?? '';
    if (holder !== '' && holder !== this.#identity && !this.#isPredecessor(holder)) {
      const seconds = spec.leaseDurationSeconds;
      const durationMs =
        typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : this.#times.leaseDurationMs;
      if (this.#clock.monotonic() < this.#observedAt + durationMs) return false;
    }
    return this.#write(current, signal);
  }

  /** Gives the lease back, so that the next one need not wait. Only what we hold; a failure is of no consequence. */
  async release(signal?: AbortSignal): Promise<void> {
    const current = this.#observed;
    if (current === undefined || this.holder !== this.#identity) return;
    const now = formatMicroTime(this.#clock.now());
    const spec: LeaseSpec = {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: leaseSpecOf(current).leaseTransitions ?? 0,
    };
    this.#observe(await this.#api.replace(LEASE, { ...current, spec }, { signal, priority: 'high' }));
  }

  #observe(lease: KubeObject): void {
    const text = JSON.stringify(lease['spec'] ?? {});
    const changed = text !== this.#observedSpec;
    if (this.#observed === undefined || changed) this.#observedAt = this.#clock.monotonic();
    const holder = leaseSpecOf(lease).holderIdentity ?? '';
    if (holder === '' || holder === this.#identity || this.#isPredecessor(holder)) this.#rival = '';
    // What was there when we first looked may be of somebody who died.
    else if (changed && this.#observed !== undefined) this.#rival = holder;
    this.#observed = lease;
    this.#observedSpec = text;
    this.#doubted = false;
  }

  async #write(current: KubeObject | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    const now = formatMicroTime(this.#clock.now());
    const before: LeaseSpec = current === undefined ? {} : leaseSpecOf(current);
    const renewal = current !== undefined && before.holderIdentity === this.#identity;
    const spec: LeaseSpec = {
      holderIdentity: this.#identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(this.#times.leaseDurationMs / 1000)),
      acquireTime: renewal ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions:
        current === undefined
          ? 0
          : renewal
            ? (before.leaseTransitions ?? 0)
            : (before.leaseTransitions ?? 0) + 1,
    };
    try {
      const written =
        current === undefined
          ? await this.#api.create(
              LEASE,
              {
                apiVersion: apiVersionOf(LEASE),
                kind: LEASE.kind,
                metadata: { name: this.ref.name, namespace: this.ref.namespace },
                spec,
              },
              { signal, priority: 'high' },
            )
          : await this.#api.replace(LEASE, { ...current, spec }, { signal, priority: 'high' });
      this.#observe(written);
      return true;
    } catch (error) {
      // Somebody was faster, or our own earlier write was applied without an answer: look again next time.
      this.#doubted = true;
      if (isConflict(error) || isAlreadyExists(error)) return false;
      if (isNotFound(error) && current !== undefined) return false;
      throw error;
    }
  }
}

/** How often a lease is looked for that isn't there. */
const ABSENT_MS = 30_000;

export interface LeaderElectionOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lock: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly times?: LeaseTimes | undefined;
  /**
   * Leases that the leader holds beside its own, so that another controller that goes by them stays passive. Where
   * that is not possible nothing is lost, unless somebody else is seen to take or renew one: then that controller
   * acts, and ours must not. They are not given back at the end but expire: a standby of ours that takes over must
   * not find the other one awake.
   */
  readonly holdAlso?: readonly ForeignLease[] | undefined;
  /** Holders of these leases that were ours: from them they are taken at once. */
  readonly isOurs?: ((holder: string) => boolean) | undefined;
  readonly onChange?: ((change: LeadershipChange) => void) | undefined;
}

export type LeadershipChange =
  | { type: 'waiting'; holder: string }
  | { type: 'acquired' }
  | { type: 'lost'; reason: string }
  | { type: 'released' }
  | { type: 'error'; lease: string; error: unknown };

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #times: LeaseTimes;
  readonly #lock: LeaseLock;
  readonly #alsoHeld: readonly { readonly lock: LeaseLock; dueAt: number }[];
  #leading = false;
  /** When the request of the last successful renewal was begun, on both clocks. */
  #renewed = { monotonic: 0, wall: 0 };

  constructor(options: LeaderElectionOptions) {
    const times = options.times ?? DEFAULT_LEASE_TIMES;
    if (!(
      times.renewDeadlineMs < times.leaseDurationMs && times.retryPeriodMs * 1.2 < times.renewDeadlineMs
    )) {
      throw new Error(
        'leader election needs retry period x 1.2 < renew deadline < lease duration, and has ' +
          `${times.retryPeriodMs} ms, ${times.renewDeadlineMs} ms, ${times.leaseDurationMs} ms`,
      );
    }
    this.#options = options;
    this.#times = times;
    const { api, clock, identity } = options;
    const common = { api, clock, identity, times };
    this.#lock = new LeaseLock({ ...common, ref: options.lock });
    const { isOurs: isPredecessor } = options;
    this.#alsoHeld = (options.holdAlso ?? []).map(({ mayCreate = () => Promise.resolve(false), ...ref }) => ({
      lock: new LeaseLock({ ...common, ref, isPredecessor, mayCreate }),
      dueAt: Number.NEGATIVE_INFINITY,
    }));
  }

  /**
   * Whether a new write may be started now. False as soon as the renew deadline has passed on either clock, so
   * it is false before anybody else can have taken over, also right after the process or machine was suspended.
   */
  holds(): boolean {
    if (!this.#leading) return false;
    const { clock } = this.#options;
    return (
      clock.monotonic() - this.#renewed.monotonic < this.#times.renewDeadlineMs &&
      clock.now() - this.#renewed.wall < this.#times.renewDeadlineMs
    );
  }

  /** Resolves when the lease is ours; rejects with the signal's reason when aborted before. */
  async acquire(signal: AbortSignal): Promise<void> {
    let told: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      if (await this.#attempt(this.#times.renewDeadlineMs, signal)) {
        this.#leading = true;
        this.#options.onChange?.({ type: 'acquired' });
        return;
      }
      if (this.#lock.holder !== '' && told !== this.#lock.holder) {
        told = this.#lock.holder;
        this.#options.onChange?.({ type: 'waiting', holder: told });
      }
      await this.#pause(signal);
    }
  }

  /**
   * Keeps the lease. Resolves when `signal` is aborted (the lease is still ours then: `release` it after the work
   * has ended); rejects with `LeadershipLost`.
   */
  async keep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#renewAlso(signal);
      try {
        await this.#pause(signal);
      } catch {
        return;
      }
      const left = this.#renewed.monotonic + this.#times.renewDeadlineMs - this.#options.clock.monotonic();
      if (left > 0 && (await this.#attempt(left, signal))) continue;
      if (signal.aborted) return;
      const { holder } = this.#lock;
      if (holder !== '' && holder !== this.#options.identity) this.#lose(`it is held by ${holder}`);
      const since = this.#options.clock.monotonic() - this.#renewed.monotonic;
      if (since >= this.#times.renewDeadlineMs) {
        this.#lose(`it could not be renewed for ${Math.round(since / 1000)} s`);
      }
    }
  }

  async release(signal?: AbortSignal): Promise<void> {
    const held = this.#leading;
    this.#leading = false;
    if (!held) return;
    try {
      await this.#lock.release(signal);
    } catch (error) {
      this.#report(this.#lock, error);
    }
    this.#options.onChange?.({ type: 'released' });
  }

  #lose(reason: string): never {
    this.#leading = false;
    this.#options.onChange?.({ type: 'lost', reason });
    const { namespace, name } = this.#lock.ref;
    throw new LeadershipLost(`lost the lease ${namespace}/${name}: ${reason}`);
  }

  async #attempt(withinMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const began = { monotonic: clock.monotonic(), wall: clock.now() };
    const bounded = linkedAbort(signal);
    const timer = clock.setTimer(withinMs, () => bounded.abort(new Error('the renew deadline passed')));
    try {
      const held = await this.#lock.tryAcquireOrRenew(bounded.signal);
      if (held) this.#renewed = began;
      return held;
    } catch (error) {
      if (!signal.aborted) this.#report(this.#lock, error);
      return false;
    } finally {
      timer.cancel();
      bounded.unlink();
    }
  }

  async #renewAlso(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await Promise.all(
      this.#alsoHeld.map(async (also) => {
        if (clock.monotonic() < also.dueAt) return;
        const { lock } = also;
        const bounded = linkedAbort(signal);
        const timer = clock.setTimer(this.#times.retryPeriodMs, () => bounded.abort());
        try {
          const held = await lock.tryAcquireOrRenew(bounded.signal);
          if (!held && lock.holder === '') also.dueAt = clock.monotonic() + ABSENT_MS;
        } catch (error) {
          // No such namespace, or no rights there: then nobody goes by this lease, or we can't.
          also.dueAt = clock.monotonic() + ABSENT_MS;
          if (!isNotFound(error) && !signal.aborted) this.#report(lock, error);
        } finally {
          timer.cancel();
          bounded.unlink();
        }
      }),
    );
    const taken = this.#alsoHeld.find(({ lock }) => lock.rival !== '')?.lock;
    if (taken !== undefined && !signal.aborted) {
      const { namespace, name } = taken.ref;
      this.#lose(`${taken.rival} holds the lease ${namespace}/${name} and acts on the same objects`);
    }
  }

  #report(lock: LeaseLock, error: unknown): void {
    this.#options.onChange?.({ type: 'error', lease: `${lock.ref.namespace}/${lock.ref.name}`, error });
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    return sleep(clock, this.#times.retryPeriodMs * (1 + 0.2 * random()), signal);
  }
}

/** The work must end: somebody else may be the leader. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}
