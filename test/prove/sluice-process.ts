/** One process of the controller: a real `Manager` on a machine of its own, whose requests can go wrong in every way. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { analysisController } from '../../src/control/analysis/index.ts';
import type { ControlContext, Controller, Log } from '../../src/control/controller.ts';
import { Manager } from '../../src/control/manager.ts';
import { rolloutController } from '../../src/control/rollout/index.ts';
import { serviceController } from '../../src/control/rollout/services.ts';
import { applicationController } from '../../src/control/sync/index.ts';
import type { GitSource } from '../../src/git/source.ts';
import {
  ApiError,
  ApiUnreachable,
  type KubeApi,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type ResourceType,
  type WatchEvent,
  keyOf,
} from '../../src/kube/api.ts';
import { linkedAbort, type LinkedAbort } from '../../src/kube/abort.ts';
import { type Clock, sleep } from '../../src/kube/clock.ts';
import { isObject } from '../../src/lang/json.ts';
import { HttpFailure, type HttpClient } from '../../src/providers/http/types.ts';
import type { Router } from '../../src/routers/types.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import type { Call as Request, SandboxCluster } from '../../src/sandbox/index.ts';
import type { Backend } from './backend.ts';
import { isWrite, type Chosen, type FaultDesk } from './faults.ts';
import type { CallFault, Flags } from './history.ts';
import { pastList } from './past.ts';
import { MachineClock } from './process-clock.ts';
import type { Actor, Happening } from './rules/types.ts';
import { SET_RIGHT_MS } from './rules/watching.ts';

export const OWN_NAMESPACE = 'sluice';
export const LEASE_NAME = 'sluice-controller';

/** Longer than the defaults, so that a history of half an hour is not made of renewals. */
const LEASE_TIMES = { leaseDurationMs: 30_000, renewDeadlineMs: 20_000, retryPeriodMs: 8_000 };
/** As the HTTP client would wait for an answer. */
const REQUEST_TIMEOUT_MS = 30_000;
const RESYNC_MS = 240_000;
const MAX_PROBLEMS = 50;
/** Between a state of the world and the one before it. */
const INSTANT_MS = 1;
/** Between a write that was sent and the server. */
const LATENCY_MS = 5;

export interface Surroundings {
  readonly clock: Clock;
  readonly cluster: SandboxCluster;
  readonly git: GitSource;
  readonly backend: Backend;
  readonly desk: FaultDesk;
  readonly flags: Flags;
  /** Beside those that every controller has. */
  readonly routers: readonly Router[] | undefined;
  readonly emit: (happening: Happening) => void;
  /** Numbers of passes, different in all processes. */
  readonly nextPass: () => number;
  /** The server's revision at an instant of the world. */
  readonly revisionAt: (at: number) => number;
  /** The process has ended by itself. */
  readonly onExit: (process: SluiceProcess) => void;
  /** It crashed by a fault, and comes back after so long. */
  readonly onCrash: (process: SluiceProcess, backAfterMs: number) => void;
}

interface CurrentPass {
  readonly id: number;
  readonly controller: string;
  readonly key: string;
}

const passes = new AsyncLocalStorage<CurrentPass>();

/** The pass in which the code that asks runs. */
export const currentPass = (): CurrentPass | undefined => passes.getStore();

interface Stream {
  /** Events before this instant of the world are still on their way. */
  releaseAt: number;
  /** Nothing comes on it any more. */
  wasCut: boolean;
}

/** No watch of a kind is open. */
interface Deaf {
  /** The instant of the first event that nobody heard; Infinity: there was none. */
  since: number;
  /** Ends the looking out for one. */
  readonly end: () => void;
}

export class SluiceProcess {
  readonly name: string;
  readonly machine: MachineClock;
  /** What it logged as a warning or an error, in part. */
  readonly problems: string[] = [];
  readonly #around: Surroundings;
  readonly #abort = new AbortController();
  readonly #streams = new WeakMap<Request, Stream>();
  readonly #cuts = new Map<string, LinkedAbort>();
  /** Kinds of which an event was lost, with its instant: until the next list. */
  readonly #missing = new Map<string, number>();
  /** By kind; until the next watch has all of it. */
  readonly #deaf = new Map<string, Deaf>();
  /** Events that are on their way to it, with their instants. */
  readonly #late = new Map<number, { readonly kind: string; readonly at: number }>();
  #nextLate = 0;
  #sleepsSince: number | undefined;

  constructor(name: string, seed: number, hasLease: boolean, around: Surroundings) {
    this.name = name;
    this.#around = around;
    this.machine = new MachineClock(around.clock);
    const random = seededRandom(seed);
    const api = this.#api();
    const http = this.#http();
    const manager = new Manager({
      api,
      clock: this.machine,
      random,
      log: this.#log(),
      controllers: [
        (context) => this.#told(rolloutController(context, { ...around.flags, routers: around.routers })),
        (context) => this.#told(serviceController(context)),
        (context) =>
          this.#told(
            analysisController(context, {
              http,
              env: {},
              // A real disk answers when it likes, and the virtual clock does not wait for it.
              readFile: () => Promise.resolve(undefined),
            }),
          ),
        (context: ControlContext) =>
          this.#told(
            applicationController(context, {
              api,
              git: around.git,
              // Whose rights it acts with is seen by nobody here: they are all allowed everything.
              impersonate: () => api,
              defaultAccount: around.flags.defaultAccount,
              requiresAccount: around.flags.requiresAccount,
            }),
          ),
      ],
      instanceId: around.flags.instanceId ?? '',
      ownNamespace: OWN_NAMESPACE,
      watchNamespace: '',
      resyncMs: RESYNC_MS,
      leaderElection: hasLease
        ? { namespace: OWN_NAMESPACE, name: LEASE_NAME, identity: name, times: LEASE_TIMES }
        : undefined,
    });
    this.#tell('starts');
    manager.run(this.#abort.signal).then(
      () => this.#exit(),
      () => this.#exit(),
    );
  }

  get isGone(): boolean {
    return this.machine.isGone;
  }

  /** The process is no more, whatever it was doing. */
  crash(): void {
    if (this.isGone) return;
    this.#end('crashes');
  }

  /** Everything in it stands still; with `machine` its clocks, too. */
  sleep(forMs: number, machine: boolean): void {
    if (this.isGone || this.machine.isStopped) return;
    this.machine.stop();
    this.#sleepsSince = this.#around.clock.now();
    this.#tell('sleeps');
    this.#around.clock.setTimer(forMs, () => {
      if (this.isGone) return;
      this.#tell('wakes');
      this.#sleepsSince = undefined;
      this.machine.goOn(!machine);
      // Somebody's NTP notices after a while.
      if (machine) this.#around.clock.setTimer(SET_RIGHT_MS, () => this.machine.setRight());
    });
  }

  /** What it can know is not older than this instant of the world: of an event that has not come, the one before it. */
  informedSince(): number {
    const notHeard = [
      ...this.#missing.values(),
      ...[...this.#deaf.values()].map(({ since }) => since),
      ...[...this.#late.values()].map(({ at }) => at),
    ];
    return Math.min(
      this.#around.clock.now(),
      this.#sleepsSince ?? Infinity,
      Math.min(Infinity, ...notHeard) - INSTANT_MS,
    );
  }

  // ---- its life

  #exit(): void {
    if (this.isGone) return;
    this.#end('stops');
    this.#around.onExit(this);
  }

  #end(state: 'stops' | 'crashes'): void {
    this.#tell(state);
    this.machine.end();
    this.#abort.abort(new Error('this process is gone'));
  }

  #tell(state: 'starts' | 'stops' | 'crashes' | 'leads' | 'follows' | 'sleeps' | 'wakes'): void {
    this.#around.emit({ what: 'process', at: this.#around.clock.now(), name: this.name, state });
  }

  #actor(): Actor {
    return { role: 'sluice', name: this.name, pass: currentPass()?.id };
  }

  #log(): Log {
    const keep = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      if (message.startsWith('leadership is lost')) this.#tell('follows');
      if (this.problems.length >= MAX_PROBLEMS) return;
      const { error, ...others } = fields;
      this.problems.push(
        `${message} ${JSON.stringify(others)} ${error instanceof Error ? (error.stack ?? error.message) : ''}`,
      );
    };
    const log: Log = {
      debug() {},
      info: (_, message) => {
        if (message === 'leading') this.#tell('leads');
      },
      warn: keep,
      error: keep,
      child: () => log,
    };
    return log;
  }

  /** The controller, with its passes told. */
  #told(controller: Controller): Controller {
    return {
      ...controller,
      reconcile: (key, signal) => {
        const id = this.#around.nextPass();
        const pass = { id, controller: controller.name, key };
        const { emit, clock } = this.#around;
        return passes.run(pass, async () => {
          const actor = this.#actor();
          const common = { what: 'pass', id, actor, controller: controller.name, key } as const;
          const informedSince = this.informedSince();
          emit({ ...common, at: clock.now(), state: 'begins', informedSince });
          let error: string | undefined;
          try {
            return await controller.reconcile(key, signal);
          } catch (thrown) {
            error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
            throw thrown;
          } finally {
            if (!this.isGone) emit({ ...common, at: clock.now(), state: 'ends', informedSince, error });
          }
        });
      },
    };
  }

  // ---- its requests

  #api(): KubeApi {
    const { cluster } = this.#around;
    const user = { name: `sluice/${this.name}`, groups: ['system:masters'] };
    const api = cluster.api(user, {
      intercept: {
        call: (request, proceed) => this.#call(request, proceed),
        event: (event, request, deliver) => this.#event(event, request, deliver),
      },
    });
    return {
      ...api,
      list: async (type: ResourceType, options: ListOptions = {}): Promise<KubeList> => {
        const list = await api.list(type, options);
        const chosen = this.#around.desk.forRead({
          verb: 'list',
          type,
          ref: {},
          subresource: undefined,
          body: undefined,
          user,
        });
        // Only of what is watched, and so repaired: a list by itself names no version, and gets the newest.
        const single = options.limit === undefined || type.kind === 'Pod';
        if (chosen?.fault !== 'stale-list' || single) return list;
        const at = this.#around.clock.now() - chosen.lengthMs;
        this.#fault('stale-list', `list ${type.kind}`, this.#around.clock.now());
        return pastList(cluster.server, type, options, this.#around.revisionAt(at)) ?? list;
      },
      watch: (type, options = {}) => {
        const cut = linkedAbort(options.signal);
        this.#cuts.get(type.kind)?.unlink();
        this.#cuts.set(type.kind, cut);
        // Whoever reads it aborts it at its end, too.
        cut.signal.addEventListener('abort', () => this.#closed(type), { once: true });
        return api.watch(type, { ...options, signal: cut.signal });
      },
    };
  }

  async #call<T>(request: Request, proceed: () => Promise<T>): Promise<T> {
    const { clock, desk } = this.#around;
    // What stands still had decided to send before it did; nothing of it runs in between.
    const sentAt = this.#sleepsSince ?? clock.now();
    await this.machine.running();
    const outcome = { sentAt, code: 0, carriedOut: false, answer: undefined as KubeObject | undefined };
    const actor = this.#actor();
    const write = isWrite(request.verb);
    const send = async (): Promise<T> => {
      // Whatever becomes of the sender: what is on the wire arrives.
      if (write) await sleep(clock, LATENCY_MS);
      const result = await proceed();
      outcome.carriedOut = true;
      if (write) outcome.answer = result as KubeObject;
      return result;
    };
    const chosen = write ? desk.forWrite(request) : undefined;
    const failsToRead = !write && request.verb !== 'list' && desk.forRead(request)?.fault === 'read-error';
    try {
      if (failsToRead) {
        this.#fault('read-error', describe(request), sentAt);
        throw new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'the simulator is busy' });
      }
      const result = chosen === undefined ? await send() : await this.#faulty(chosen, request, send);
      await this.machine.running();
      outcome.code = 200;
      if (request.verb === 'list') this.#missing.delete(request.type.kind);
      if (request.verb === 'watch') this.#opened(request);
      return result;
    } catch (error) {
      outcome.code = error instanceof ApiError ? error.code : 0;
      throw error;
    } finally {
      if (request.verb !== 'watch') this.#tellCall(request, actor, outcome);
    }
  }

  #tellCall(
    request: Request,
    actor: Actor,
    outcome: { sentAt: number; code: number; carriedOut: boolean; answer: KubeObject | undefined },
  ): void {
    const { ref, type, verb, subresource } = request;
    this.#around.emit({
      what: 'call',
      at: this.#around.clock.now(),
      actor,
      verb,
      kind: type.kind,
      key: ref.name === undefined || ref.name === '' ? '' : keyOf(ref as { name: string }),
      subresource,
      precondition: hasPrecondition(request),
      ...outcome,
    });
  }

  #fault(kind: string, detail: string, until: number): void {
    this.#around.emit({
      what: 'fault',
      at: this.#around.clock.now(),
      kind,
      target: this.name,
      until,
      detail,
    });
  }

  async #faulty<T>(
    { fault, lengthMs }: Chosen<CallFault>,
    request: Request,
    send: () => Promise<T>,
  ): Promise<T> {
    const { clock, onCrash } = this.#around;
    const lasts = fault.startsWith('slow') || fault.startsWith('sleep') ? lengthMs : 0;
    this.#fault(fault, describe(request), clock.now() + lasts);
    const crash = async (): Promise<never> => {
      this.crash();
      onCrash(this, lengthMs);
      return await never();
    };
    switch (fault) {
      case 'crash-before-write':
        return await crash();
      case 'crash-after-write':
        await settled(send());
        return await crash();
      case 'lost-answer':
        await settled(send());
        await sleep(this.machine, REQUEST_TIMEOUT_MS);
        throw new ApiUnreachable('no answer within 30 s');
      case 'lost-request':
        await sleep(this.machine, REQUEST_TIMEOUT_MS);
        throw new ApiUnreachable('no answer within 30 s');
      case 'http-409':
        throw conflict(request);
      case 'http-429':
        throw new ApiError(
          { code: 429, reason: 'TooManyRequests', message: 'too many requests, please try again later' },
          1_000,
        );
      case 'http-500':
        throw new ApiError({ code: 500, reason: 'InternalError', message: 'etcdserver: leader changed' });
      case 'http-503':
        throw new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'apiserver not ready' });
      case 'slow-write':
        // The bytes are on the wire: they arrive whatever becomes of the sender.
        await sleep(clock, Math.min(lengthMs, REQUEST_TIMEOUT_MS - 1));
        return await send();
      case 'sleep-before-write':
        this.sleep(lengthMs, false);
        await this.machine.running();
        return await send();
      case 'sleep-after-write': {
        const result = send();
        await settled(result);
        this.sleep(lengthMs, false);
        return await result;
      }
    }
  }

  // ---- what it hears

  #stream(request: Request): Stream {
    const stream = this.#streams.get(request) ?? { releaseAt: this.#around.clock.monotonic(), wasCut: false };
    this.#streams.set(request, stream);
    return stream;
  }

  /** It begins with all that nobody heard; known when who reads it has had a turn. */
  #opened(request: Request): void {
    const { kind } = request.type;
    const stream = this.#stream(request);
    const deaf = this.#deaf.get(kind);
    if (deaf === undefined) return;
    this.#around.clock.setTimer(0, () => {
      if (stream.wasCut || this.#deaf.get(kind) !== deaf) return;
      deaf.end();
      this.#deaf.delete(kind);
    });
  }

  /** What was on its way comes with the next one. */
  #closed(type: ResourceType): void {
    if (this.isGone || this.#deaf.has(type.kind)) return;
    const { clock, cluster } = this.#around;
    const late = [...this.#late.values()].filter(({ kind }) => kind === type.kind).map(({ at }) => at);
    const deaf: Deaf = {
      since: Math.min(Infinity, ...late),
      end: cluster.server.storage.store(type).onChange(() => {
        deaf.since = Math.min(deaf.since, clock.now());
      }),
    };
    this.#deaf.set(type.kind, deaf);
  }

  #event(event: WatchEvent, request: Request, deliver: (event: WatchEvent) => void): void {
    const { clock, desk } = this.#around;
    const now = clock.monotonic();
    const stream = this.#stream(request);
    // Events that a new watch begins with come one after the other: none of them behind a cut.
    if (stream.wasCut) return;
    const { kind } = request.type;
    const at = Math.min(clock.now(), this.#deaf.get(kind)?.since ?? Infinity);
    const chosen = event.type === 'BOOKMARK' ? undefined : desk.forEvent(request);
    if (chosen !== undefined) this.#fault(chosen.fault, `watch of ${kind}`, clock.now());
    if (chosen?.fault === 'watch-drop') {
      if (!this.#missing.has(kind)) this.#missing.set(kind, at);
      return;
    }
    if (chosen?.fault === 'watch-cut') {
      // The event is not lost: a new watch from the last version has it again.
      stream.wasCut = true;
      this.#cuts.get(kind)?.abort(new ApiUnreachable('the watch was cut'));
      const deaf = this.#deaf.get(kind);
      if (deaf !== undefined) deaf.since = Math.min(deaf.since, at);
      return;
    }
    if (chosen?.fault === 'watch-delay') stream.releaseAt = Math.max(stream.releaseAt, now + chosen.lengthMs);
    const hand = (): void => {
      deliver(event);
      if (chosen?.fault === 'watch-duplicate') deliver(event);
    };
    if (stream.releaseAt <= now && !this.machine.isStopped) {
      hand();
      return;
    }
    const id = this.#nextLate++;
    this.#late.set(id, { kind, at });
    const arrive = (): void =>
      this.machine.do(() => {
        hand();
        // It is known when who reads the watch has had a turn: events that waited together are read one after the other.
        clock.setTimer(0, () => this.#late.delete(id));
      });
    if (stream.releaseAt <= now) arrive();
    else clock.setTimer(stream.releaseAt - now, arrive);
  }

  // ---- metric backends

  #http(): HttpClient {
    const { backend } = this.#around;
    return {
      request: async (request) => {
        await this.machine.running();
        const answer = backend.answer(request, currentPass()?.key ?? '');
        if (answer === undefined) {
          await sleep(this.machine, request.timeoutMs);
          throw new HttpFailure('timeout', `no answer within ${request.timeoutMs} ms`);
        }
        if (answer === 'refused') throw new HttpFailure('unreachable', 'connection refused', 'ECONNREFUSED');
        return answer;
      },
    };
  }
}

const never = (): Promise<never> => new Promise(() => {});

const settled = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

const describe = ({ verb, type, ref, subresource }: Request): string =>
  `${verb} ${type.kind}${subresource === undefined ? '' : `/${subresource}`} ${ref.name ?? ''}`.trim();

function conflict({ type, ref, verb }: Request): ApiError {
  const what = `${type.plural}.${type.group} "${ref.name ?? ''}"`;
  if (verb === 'create')
    return new ApiError({
      code: 503,
      reason: 'ServiceUnavailable',
      message: `${what} could not be created now`,
    });
  return new ApiError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${what}: the object has been modified; please apply your changes to the latest version and try again`,
  });
}

/** uid or resourceVersion stands in the body, in a `test` or among the preconditions. */
function hasPrecondition({ verb, body, subresource }: Request): boolean {
  if (verb === 'delete' || subresource === 'eviction') {
    const options = verb === 'delete' ? body : (body as { deleteOptions?: unknown }).deleteOptions;
    const given = (options as { preconditions?: { uid?: string; resourceVersion?: string } } | undefined)
      ?.preconditions;
    return given?.uid !== undefined || given?.resourceVersion !== undefined;
  }
  const content = verb === 'patch' ? (body as { body: unknown }).body : body;
  if (Array.isArray(content))
    return content.some(
      (operation: { op?: string; path?: string }) =>
        operation.op === 'test' && /^\/metadata\/(uid|resourceVersion)$/.test(operation.path ?? ''),
    );
  const metadata = isObject(content) ? content['metadata'] : undefined;
  return isObject(metadata) && (metadata['uid'] !== undefined || metadata['resourceVersion'] !== undefined);
}
