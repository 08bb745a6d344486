/**
 * Asks routers whether the data plane has a weight (spec 07 section 3.1). The question runs beside the passes, so that
 * no verdict waits for a slow load balancer; its answer wakes the Rollout.
 */

import type { KubeObject } from '../../kube/api.ts';
import type { Rollout } from '../../api/rollout.ts';
import { maxWeight } from '../../plan/rollout/defaults.ts';
import type { RolloutSnapshot, RouteView } from '../../plan/rollout/index.ts';
import { asksForConfirmation } from '../../plan/traffic/confirmation.ts';
import type { Router } from '../../routers/index.ts';
import type { ControlContext } from '../controller.ts';
import { routerObjects } from './gather.ts';

/** An answer holds for so long, whichever it is. */
const ASK_AGAIN_MS = 10_000;
const LIMIT_MS = 5_000;

interface Question {
  readonly uid: string | undefined;
  readonly weight: number;
  /** The answer is under way; until it comes the one before is the best that is known. */
  isOpen: boolean;
  /** Milliseconds since the epoch; -Infinity: never. */
  answeredAt: number;
  answer: boolean | undefined;
  /** What was on record when it was asked for this answer. */
  record: boolean | undefined;
}

type Asking = Router & Required<Pick<Router, 'verify'>>;

export class Confirmations {
  readonly #context: ControlContext;
  readonly #routers: readonly Asking[];
  /** By Rollout and router. */
  readonly #questions = new Map<string, Map<string, Question>>();
  #wake: (key: string) => void = () => {};
  #signal = new AbortController().signal;

  constructor(context: ControlContext, routers: readonly Router[]) {
    this.#context = context;
    this.#routers = routers.filter((router): router is Asking => router.verify !== undefined);
  }

  attach(wake: (key: string) => void, signal: AbortSignal): void {
    this.#wake = wake;
    this.#signal = signal;
  }

  /** The Rollout is gone, or its routes were written: what was asked before says nothing any more. */
  forget(key: string): void {
    this.#questions.delete(key);
  }

  /** The snapshot with what the routers answered so far; asks where an answer is missing or old. */
  answered(key: string, snapshot: RolloutSnapshot): RolloutSnapshot {
    const { rollout, stored } = snapshot;
    if (rollout === undefined || !snapshot.routes.some((view) => isAsked(rollout, view))) {
      this.forget(key);
      return snapshot;
    }
    const routes = snapshot.routes.map((view) => {
      const router = this.#routers.find(({ name }) => name === view.router);
      if (router === undefined || view.weight === undefined || !isAsked(rollout, view)) return view;
      const question = this.#question(key, router, view.weight, rollout, stored as unknown as KubeObject);
      const record = recordOf(rollout, view.weight);
      return { ...view, verified: holds(question, record) ? question.answer : record === true };
    });
    return Object.freeze({ ...snapshot, routes });
  }

  #question(key: string, router: Asking, weight: number, rollout: Rollout, about: KubeObject): Question {
    const { uid } = rollout.metadata;
    let questions = this.#questions.get(key);
    if (questions === undefined) this.#questions.set(key, (questions = new Map<string, Question>()));
    const known = questions.get(router.name);
    const question: Question =
      known?.uid === uid && known?.weight === weight
        ? known
        : { uid, weight, isOpen: false, answeredAt: -Infinity, answer: undefined, record: undefined };
    questions.set(router.name, question);
    const age = this.#context.clock.now() - question.answeredAt;
    // A clock that was set back must not keep an answer for ever.
    const isOld = age < 0 || age >= ASK_AGAIN_MS || !holds(question, recordOf(rollout, weight));
    if (!question.isOpen && isOld) {
      question.isOpen = true;
      void this.#ask(key, router, question, rollout, about);
    }
    return question;
  }

  async #ask(
    key: string,
    router: Asking,
    question: Question,
    rollout: Rollout,
    about: KubeObject,
  ): Promise<void> {
    const { clock, stores, events, log } = this.#context;
    const limit = new AbortController();
    const signal = AbortSignal.any([limit.signal, this.#signal]);
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)), {
        once: true,
      });
    });
    const timer = clock.setTimer(LIMIT_MS, () => limit.abort());
    const wish = { weight: question.weight, max: maxWeight(rollout.spec.strategy?.canary ?? {}) };
    const objects = routerObjects(stores, rollout.metadata.namespace);
    const record = recordOf(rollout, question.weight);
    let answer: boolean | undefined = false;
    try {
      answer = await Promise.race([router.verify(rollout, wish, objects, signal), late]);
    } catch (error) {
      if (this.#signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      log.warn({ rollout: key, router: router.name, error }, 'the router could not be asked for its weight');
      events.record(about, {
        type: 'Warning',
        reason: 'WeightVerifyError',
        message: `Failed to verify weight: ${text}`,
      });
    } finally {
      timer.cancel();
    }
    if (this.#questions.get(key)?.get(router.name) !== question) return;
    question.isOpen = false;
    question.answer = answer;
    question.record = record;
    question.answeredAt = clock.now();
    this.#wake(key);
  }
}

/** What the status says of this weight. */
export function recordOf({ status }: Rollout, weight: number | undefined): boolean | undefined {
  const weights = status?.canary?.weights;
  return weights !== undefined && weights.canary.weight === weight ? weights.verified : undefined;
}

/**
 * Another process may lead beside us, or have led before, and have heard something else. Against what it has put on
 * record since we asked, we ask again; else two would write what each knows for as long as both act.
 */
const holds = ({ answeredAt, answer, record: before }: Question, record: boolean | undefined): boolean =>
  answeredAt !== -Infinity && (answer === record || before === record);

function isAsked({ spec, status = {} }: Rollout, view: RouteView): boolean {
  if (view.confirms !== true || view.weight === undefined) return false;
  const course = {
    replicas: spec.replicas ?? 1,
    strategy: spec.strategy?.canary ?? {},
    stepIndex: status.currentStepIndex,
    abort: status.abort === true,
    promoteFull: status.promoteFull === true,
    podHash: status.currentPodHash ?? '',
    stableHash: status.stableRS ?? '',
  };
  return asksForConfirmation(course, view.weight);
}
