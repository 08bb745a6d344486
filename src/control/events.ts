/**
 * Events of the core API. Those of one object go out one at a time, in the order in which they were recorded;
 * those of different objects side by side. An identical repeat adds to the count of the event that is already
 * there. Nobody waits for an event except through `flushed`, which is bounded.
 *
 * What bounds them: a repeat needs a token of its object (25, then one in five minutes, as client-go's filter),
 * while a new text is part of the story of a release and needs one of a much larger bucket; a queue that is full
 * drops repeats first, then the newest. All of it counts for nothing but the events.
 */

import { createHash } from 'node:crypto';
import type { KubeObject, ObjectRef } from '../kube/api.ts';
import { ApiError, isAlreadyExists, isNotFound } from '../kube/api.ts';
import { type Clock, sleep } from '../kube/clock.ts';
import { EVENT } from '../kube/kinds.ts';
import { TokenBucket } from '../kube/token-bucket.ts';
import { formatTime } from '../lang/time.ts';
import type { PlannedEvent } from '../plan/types.ts';
import type { EventRecorder, Log, Writer } from './controller.ts';
import { isNamespaceEnding } from './namespace-ending.ts';
import { NotLeading } from './writer.ts';

export interface RecorderOptions {
  readonly writer: Pick<Writer, 'create' | 'patch'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** `source.component`; spec 08 section 6. */
  readonly component?: string | undefined;
  /** Every event as it is recorded, also those that are dropped later. */
  readonly onRecorded?: ((about: KubeObject, event: PlannedEvent) => void) | undefined;
  readonly onDropped?: ((about: KubeObject, event: PlannedEvent, why: string) => void) | undefined;
}

const COMPONENT = 'rollouts-controller';
const MAX_MESSAGE_BYTES = 1024;
/** Objects with events under way at the same time. */
const SENDERS = 4;
const MAX_PENDING = 5_000;
const MAX_PENDING_PER_OBJECT = 200;
const MAX_OBJECTS = 4_096;
const MAX_TEXTS_PER_OBJECT = 128;
/** A repeat after this long is a new event: the server forgets events after an hour. */
const REPEAT_WITHIN_MS = 600_000;
const REPEAT_BURST = 25;
const REPEATS_PER_SECOND = 1 / 300;
const NEW_TEXT_BURST = 200;
const NEW_TEXTS_PER_SECOND = 0.2;
const MAX_ATTEMPTS = 5;

interface Sent {
  readonly name: string;
  count: number;
  lastAt: number;
}

interface Pending {
  /** Of the Event to be created. Chosen once: a retry after a lost answer must find its own name taken. */
  readonly name: string;
  readonly about: KubeObject;
  readonly event: PlannedEvent;
  readonly fingerprint: string;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  readonly waiters: (() => void)[];
}

/** What is remembered of one object. Dropped, oldest first, when there are too many and nothing is pending. */
interface Subject {
  readonly key: string;
  readonly pending: Pending[];
  readonly sent: Map<string, Sent>;
  readonly repeats: TokenBucket;
  readonly texts: TokenBucket;
  sending: boolean;
}

export class KubeEventRecorder implements EventRecorder {
  readonly #options: RecorderOptions;
  readonly #component: string;
  readonly #subjects = new Map<string, Subject>();
  readonly #ready: Subject[] = [];
  #pendingCount = 0;
  #senders = 0;
  #sequence: number;
  readonly #idle: (() => void)[] = [];

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#component = options.component ?? COMPONENT;
    // Two processes that name an event in the same millisecond must not choose the same name.
    this.#sequence = Math.floor(options.random() * 1_000_000);
  }

  get pending(): number {
    return this.#pendingCount;
  }

  record(about: KubeObject, event: PlannedEvent): void {
    try {
      this.#options.onRecorded?.(about, event);
      this.#record(about, { ...event, message: clip(event.message) });
    } catch (error) {
      this.#options.log.error(
        { error, object: about.metadata.name, reason: event.reason },
        'event not recorded',
      );
    }
  }

  flushed(about: KubeObject, withinMs: number): Promise<void> {
    const last = this.#subjects.get(keyFor(about))?.pending.at(-1);
    if (last === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(withinMs, resolve);
      last.waiters.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Resolves when nothing is pending, or after `withinMs`. For the graceful stop. */
  drained(withinMs: number): Promise<void> {
    if (this.#pendingCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(withinMs, resolve);
      this.#idle.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #record(about: KubeObject, event: PlannedEvent): void {
    if (this.#options.signal.aborted) return this.#drop(about, event, 'stopped');
    const subject = this.#subject(about);
    const now = this.#options.clock.now();
    const fingerprint = `${event.type}\n${event.reason}\n${event.message}`;
    const last = subject.pending.at(-1);
    const known = this.#sentRecently(subject, fingerprint, now);
    const repeat = known !== undefined || subject.pending.some((item) => item.fingerprint === fingerprint);
    if (!(repeat ? subject.repeats : subject.texts).tryTake()) return this.#drop(about, event, 'too many');
    // The last one is not the first one, which may be on its way already.
    if (last !== undefined && last.fingerprint === fingerprint && subject.pending.length > 1) {
      last.count += 1;
      last.lastAt = now;
      return undefined;
    }
    const full = subject.pending.length >= MAX_PENDING_PER_OBJECT || this.#pendingCount >= MAX_PENDING;
    if (full && (repeat || !this.#dropRepeat(subject)))
      return this.#drop(about, event, 'the API server is slow');
    const name = this.#nameFor(about);
    subject.pending.push({
      name,
      about,
      event,
      fingerprint,
      firstAt: now,
      lastAt: now,
      count: 1,
      waiters: [],
    });
    this.#pendingCount += 1;
    if (!subject.sending) {
      subject.sending = true;
      this.#ready.push(subject);
      this.#work();
    }
    return undefined;
  }

  /** Makes room for a new text by giving up the last repeat that waits (the first item is on its way). */
  #dropRepeat(subject: Subject): boolean {
    const at = subject.pending.findLastIndex((item, i) => i > 0 && subject.sent.has(item.fingerprint));
    const [item] = at < 0 ? [] : subject.pending.splice(at, 1);
    if (item === undefined) return false;
    this.#pendingCount -= 1;
    for (const done of item.waiters) done();
    this.#drop(item.about, item.event, 'the API server is slow');
    return true;
  }

  #drop(about: KubeObject, event: PlannedEvent, why: string): void {
    this.#options.onDropped?.(about, event, why);
    this.#options.log.debug({ object: keyFor(about), reason: event.reason, why }, 'event dropped');
  }

  #subject(about: KubeObject): Subject {
    const key = keyFor(about);
    const known = this.#subjects.get(key);
    if (known !== undefined) {
      // Most recently used last.
      this.#subjects.delete(key);
      this.#subjects.set(key, known);
      return known;
    }
    const { clock } = this.#options;
    const subject: Subject = {
      key,
      pending: [],
      sent: new Map(),
      repeats: new TokenBucket(clock, REPEATS_PER_SECOND, REPEAT_BURST),
      texts: new TokenBucket(clock, NEW_TEXTS_PER_SECOND, NEW_TEXT_BURST),
      sending: false,
    };
    this.#subjects.set(key, subject);
    if (this.#subjects.size > MAX_OBJECTS) {
      for (const [oldest, { sending }] of this.#subjects) {
        if (sending) continue;
        this.#subjects.delete(oldest);
        break;
      }
    }
    return subject;
  }

  #sentRecently(subject: Subject, fingerprint: string, now: number): Sent | undefined {
    const sent = subject.sent.get(fingerprint);
    return sent !== undefined && now - sent.lastAt < REPEAT_WITHIN_MS ? sent : undefined;
  }

  /** Keeps up to SENDERS objects in work; each round sends one event, so that a talkative object waits its turn. */
  #work(): void {
    while (this.#senders < SENDERS) {
      const subject = this.#ready.shift();
      if (subject === undefined) return;
      this.#senders += 1;
      void this.#next(subject);
    }
  }

  async #next(subject: Subject): Promise<void> {
    const item = subject.pending[0];
    if (item !== undefined) {
      try {
        await this.#send(subject, item);
      } catch (error) {
        this.#drop(item.about, item.event, error instanceof NotLeading ? 'not leading' : 'not sent');
        if (!isOrdinary(error) && !this.#options.signal.aborted) {
          this.#options.log.warn({ error, object: subject.key, reason: item.event.reason }, 'event not sent');
        }
      }
      subject.pending.shift();
      this.#pendingCount -= 1;
      for (const done of item.waiters) done();
    }
    this.#senders -= 1;
    if (subject.pending.length > 0) this.#ready.push(subject);
    else subject.sending = false;
    if (this.#pendingCount === 0) for (const resolve of this.#idle.splice(0)) resolve();
    this.#work();
  }

  async #send(subject: Subject, item: Pending): Promise<void> {
    const { clock, random, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const sent = this.#sentRecently(subject, item.fingerprint, item.lastAt);
        if (sent === undefined) await this.#create(subject, item);
        else await this.#count(subject, item, sent);
        return;
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || signal.aborted || !worthRetrying(error)) throw error;
        const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
        await sleep(clock, Math.max(asked, 500 * 2 ** (attempt - 1)) * (1 + 0.25 * random()), signal);
      }
    }
  }

  async #create(subject: Subject, item: Pending): Promise<void> {
    const { about, event } = item;
    const namespace = about.metadata.namespace ?? 'default';
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: EVENT.kind,
      metadata: { name: item.name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: about.metadata.name,
        namespace: about.metadata.namespace,
        uid: about.metadata.uid,
        resourceVersion: about.metadata.resourceVersion,
      },
      reason: event.reason,
      message: event.message,
      type: event.type,
      source: { component: this.#component },
      reportingComponent: this.#component,
      reportingInstance: '',
      firstTimestamp: formatTime(item.firstAt),
      lastTimestamp: formatTime(item.lastAt),
      count: item.count,
    };
    try {
      await this.#options.writer.create(EVENT, object, this.#callOptions());
    } catch (error) {
      // The answer of an earlier attempt was lost.
      if (!isAlreadyExists(error)) throw error;
    }
    subject.sent.delete(item.fingerprint);
    subject.sent.set(item.fingerprint, { name: item.name, count: item.count, lastAt: item.lastAt });
    if (subject.sent.size > MAX_TEXTS_PER_OBJECT) {
      for (const oldest of subject.sent.keys()) {
        subject.sent.delete(oldest);
        break;
      }
    }
  }

  async #count(subject: Subject, item: Pending, sent: Sent): Promise<void> {
    const ref: ObjectRef = { namespace: item.about.metadata.namespace ?? 'default', name: sent.name };
    const count = sent.count + item.count;
    const body = { count, lastTimestamp: formatTime(item.lastAt) };
    try {
      await this.#options.writer.patch(EVENT, ref, { type: 'merge', body }, this.#callOptions());
      sent.count = count;
      sent.lastAt = item.lastAt;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // The server has forgotten it.
      subject.sent.delete(item.fingerprint);
      await this.#create(subject, item);
    }
  }

  #callOptions(): { priority: 'low'; signal: AbortSignal } {
    return { priority: 'low', signal: this.#options.signal };
  }

  /** `<object>.<16 hex digits>`: the instant and a counter, so unique and in order of recording. */
  #nameFor(about: KubeObject): string {
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    const instant = BigInt(Math.max(0, Math.round(this.#options.clock.now()))) * 1_000_000n;
    const suffix = (instant + BigInt(this.#sequence)).toString(16).padStart(16, '0');
    return `${prefixFor(about.metadata.name)}.${suffix}`;
  }
}

const keyFor = (about: KubeObject): string =>
  `${about.kind}/${about.metadata.namespace ?? ''}/${about.metadata.name}/${about.metadata.uid ?? ''}`;

/** Object names of some kinds may hold what event names can't; those are replaced by a hash. */
function prefixFor(name: string): string {
  const valid = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
  if (name.length <= 230 && valid.test(name)) return name;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** At most 1 KiB of UTF-8, cut between characters. */
function clip(message: string): string {
  if (Buffer.byteLength(message) <= MAX_MESSAGE_BYTES) return message;
  const bytes = Buffer.from(message).subarray(0, MAX_MESSAGE_BYTES - 3);
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')}...`;
}

/** What ends with a namespace, or with this process, has nobody left to be told. */
const isOrdinary = (error: unknown): boolean => error instanceof NotLeading || isNamespaceEnding(error);

/** No answer, overload, a server error. Not: forbidden, invalid, a namespace that is being deleted. */
function worthRetrying(error: unknown): boolean {
  if (error instanceof NotLeading) return false;
  return error instanceof ApiError ? error.code === 429 || error.code >= 500 : true;
}
