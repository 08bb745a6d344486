/**
 * For each rule a small defect that brings back what users of the thread were hurt by. Each is an edit of our source
 * text in memory; `find` must stand there exactly once, so that a change of the source can't make a mutant harmless
 * without anybody noticing.
 */

import type { History } from '../history.ts';
import { ingress, podTemplate, rollout, service } from '../manifests.ts';
import { SCENARIOS } from '../scenarios/index.ts';

export interface Edit {
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  readonly rule: number;
  readonly thread: string;
  readonly edits: readonly Edit[];
  /** The search must find it within so many histories, from seed 1 on. */
  readonly within: number;
  /** The search has not found it yet: the rule is not proved. */
  readonly survives?: string;
  /** Where random histories seldom get there: one that does, and that is played instead. */
  readonly scenario?: (any: History) => History;
}

/** The first version never comes up, and the next one is its fix, behind a router. */
const brokenFirst = (any: History): History => ({
  ...any,
  setup: {
    source: 'rollout',
    processes: 1,
    objects: [service('web-stable'), service('web-canary'), ingress('web-stable')],
    rollout: rollout(
      {
        canary: {
          stableService: 'web-stable',
          canaryService: 'web-canary',
          trafficRouting: { nginx: { stableIngress: 'web' } },
          steps: [{ setWeight: 50 }, { pause: {} }],
        },
      },
      { template: podTemplate('bad-v1') },
    ),
  },
  events: [{ at: 20_000, do: 'image', tag: 'v2' }],
});

/** The story of a thread, which without the defect does no harm. */
const scenarioOf = (thread: string) => (): History => {
  const found = SCENARIOS.find(({ of }) => of.includes(thread));
  if (found === undefined) throw new Error(`no scenario tells ${thread}`);
  return found.history;
};

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
const WEIGHTS = 'plan/traffic/weights.ts';
const PROGRESS = 'plan/rollout/progress.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'one available pod is enough for any weight',
    rule: 1,
    thread: 'AR 2050',
    edits: [
      edit(WEIGHTS, 'canary.available * max >= weight * course.replicas', 'canary.available > 0'),
      edit(WEIGHTS, 'if (!input.atDesired && now !== recorded) {', 'if (input.canary.available === 0) {'),
    ],
    within: 300,
  },
  {
    name: 'the last pods go while a Service selects them',
    rule: 2,
    thread: 'AR 2235',
    edits: [
      edit(
        'plan/rollout/sizes.ts',
        'if (wanted > 0 || s.replicas === 0 || !selected(s, hashOf(rs))) return wanted;',
        'if (selected !== undefined) return wanted;',
      ),
      edit('plan/rollout/services.ts', 'targetOf(s, p).stable === 0 && s.canary.available > 0', 'false'),
    ],
    within: 300,
  },
  {
    name: 'pods are taken from under their traffic when a step lowers the weight',
    rule: 3,
    thread: 'AR 3926',
    edits: [
      edit(
        'plan/rollout/sizes.ts',
        '  if (weight === 0) return wanted;',
        '  if (weight >= 0) return wanted;',
      ),
    ],
    within: 300,
  },
  {
    name: 'stable gets the rest of 100, whatever the whole is',
    rule: 4,
    thread: 'AR 4424',
    edits: [
      edit('plan/rollout/traffic.ts', 'weight: max - weight - others,', 'weight: 100 - weight - others,'),
    ],
    within: 200,
  },
  {
    name: 'versions of before a supersede are drained at once',
    rule: 5,
    thread: 'AR 1966',
    edits: [
      edit(
        'plan/rollout/sizes.ts',
        'let budget = available - (s.replicas - s.fences.unavailable);',
        'let budget = available;',
      ),
    ],
    within: 500,
  },
  {
    name: 'the Service of an aborted canary goes to and fro',
    rule: 6,
    thread: 'AR 4973',
    edits: [
      edit(
        'plan/rollout/services.ts',
        'const wanted = p.abort ? stable : fresh;',
        'const wanted = p.abort && s.snapshot.services[canaryService]?.selector[HASH_LABEL] === s.revisions.hash ? stable : fresh;',
      ),
    ],
    within: 300,
  },
  {
    name: 'an aborted canary keeps its weight and its Service',
    rule: 7,
    thread: 'AR 4841',
    edits: [
      edit(
        WEIGHTS,
        "if (course.abort) return { weight: abortWeight(input), why: 'the update is aborted' };",
        "if (course.abort) return { weight: recorded, why: 'the update is aborted' };",
      ),
      edit('plan/rollout/services.ts', 'const wanted = p.abort ? stable : fresh;', 'const wanted = fresh;'),
    ],
    within: 300,
  },
  {
    name: 'an abort with nothing in progress is carried out',
    rule: 8,
    thread: 'AR 1292',
    edits: [
      edit(
        PROGRESS,
        'if (p.reset || !isPromoted(s, p)) return p;\n  if (p.abort) s.draft',
        'if (p.reset || p.abort || !isPromoted(s, p)) return p;\n  if (p.abort) s.draft',
      ),
      edit(
        PROGRESS,
        'if (p.reset || !p.abort || isPromoted(s, p)) return p;\n  return aborted',
        'if (p.reset || !p.abort) return p;\n  return aborted',
      ),
    ],
    within: 300,
  },
  {
    name: 'an abort waits until the pause is over',
    rule: 9,
    thread: 'AR 4461',
    edits: [
      edit(
        PROGRESS,
        "if (p.reset || !p.abort || isPromoted(s, p)) return p;\n  return aborted(s, p, '');",
        "if (p.reset || !p.abort || isPromoted(s, p)) return p;\n  if (p.pauses.length > 0 || s.rollout.spec.paused === true) return p;\n  return aborted(s, p, '');",
      ),
    ],
    within: 300,
  },
  {
    name: 'the deadline never fires',
    rule: 10,
    thread: 'AR 1225',
    edits: [
      edit(
        'plan/rollout/deadline.ts',
        'if (since === undefined) return undefined;',
        'if (since !== Infinity) return undefined;',
      ),
    ],
    within: 50,
  },
  {
    name: 'a run that somebody terminated counts as Successful',
    rule: 11,
    thread: 'AR 1329',
    edits: [
      edit(
        'plan/analysis/evidence.ts',
        "return couldTell(run) ? phase : 'Inconclusive';",
        "return couldTell(run) ? phase : 'Successful';",
      ),
    ],
    within: 1,
    scenario: scenarioOf('AR 1329'),
  },
  {
    name: 'a step passes its analysis without waiting for it',
    rule: 12,
    thread: 'AR 3258',
    edits: [
      edit(PROGRESS, "return facts.stepRunPhase === 'Successful'", "return facts.stepRunPhase !== 'Failed'"),
    ],
    within: 200,
  },
  {
    name: 'a metric that waits for traffic asks before there is any',
    rule: 12,
    thread: 'FL 1011',
    edits: [
      edit(
        'plan/analysis/plan.ts',
        "if (action !== 'measure' || metric.evidence?.waitForTraffic !== true) return false;",
        "if (action === 'measure' || metric.evidence?.waitForTraffic !== true) return false;",
      ),
    ],
    within: 200,
  },
  {
    name: 'a version that was found bad gets the short-cut of the rollback window',
    rule: 13,
    thread: 'FL 1898',
    edits: [
      edit(
        'plan/rollout/rollback-window.ts',
        'return between.length < window && !wasFoundBad(s);',
        'return between.length < window;',
      ),
    ],
    within: 1,
    scenario: scenarioOf('FL 1898'),
  },
  {
    name: 'a pause step of some time ends at once',
    rule: 14,
    thread: 'AR 1107',
    edits: [
      edit(
        PROGRESS,
        "if (condition === undefined) return p.controllerPause ? undefined : 'the pause begins';",
        "if (condition === undefined) return p.controllerPause ? undefined : 'the pause begins';\n  if (pause.duration !== undefined) return undefined;",
      ),
    ],
    within: 200,
  },
  {
    name: 'a process writes whether it leads or not',
    rule: 15,
    thread: 'AR 2117',
    edits: [
      edit(
        'control/manager.ts',
        'mayWrite: () => !this.#fenced && (this.#election?.holds() ?? true),',
        'mayWrite: () => true,',
      ),
    ],
    within: 500,
  },
  {
    name: 'the switch of a selector rests on nothing',
    rule: 15,
    thread: 'AR 2117',
    edits: [
      edit(
        'control/rollout/apply.ts',
        '{ name: intent.service, uid, resourceVersion },',
        '{ name: intent.service, uid: undefined },',
      ),
    ],
    within: 50,
  },
  {
    name: 'the history limit deletes ReplicaSets that have pods',
    rule: 16,
    thread: 'AR 2522',
    edits: [
      edit(
        'plan/rollout/history.ts',
        'if (counts.size !== 0 || counts.created !== 0 || !isObserved(rs)) continue;',
        'if (!isObserved(rs)) continue;',
      ),
    ],
    within: 300,
  },
  {
    name: 'an edit is looked at and not recorded as looked at',
    rule: 17,
    thread: 'AR 4140',
    edits: [
      edit(
        'plan/rollout/status.ts',
        'observedGeneration: String(generationOf(rollout)),',
        "observedGeneration: s.old.observedGeneration ?? '1',",
      ),
    ],
    within: 100,
  },
  {
    name: 'a template is known by its hash alone, and the hash moves with the collision count',
    rule: 18,
    thread: 'AR 1356',
    edits: [
      edit(
        'plan/rollout/revision.ts',
        'const ownHash = podTemplateHash(template, rollout.status?.collisionCount);',
        'const ownHash = podTemplateHash(template, rollout.spec.replicas);',
      ),
      edit(
        'plan/rollout/revision.ts',
        'alive.find((rs) => hashOf(rs) === ownHash) ??\n    alive.find((rs) => podTemplatesEqual(ownTemplate(rs), template));',
        'alive.find((rs) => hashOf(rs) === ownHash);',
      ),
    ],
    within: 200,
  },
  {
    name: 'a third version makes the second one stable',
    rule: 19,
    thread: 'AR 1372',
    edits: [
      edit(
        PROGRESS,
        '    reset: true,\n    stepIndex: stepCount(s) > 0 ? 0 : undefined,',
        "    reset: true,\n    stableHash: p.stableHash === '' ? '' : (old.currentPodHash ?? p.stableHash),\n    stepIndex: stepCount(s) > 0 ? 0 : undefined,",
      ),
    ],
    within: 300,
  },
  {
    name: 'a weight is set only by passing through its step',
    rule: 20,
    thread: 'AR 4486',
    edits: [
      edit(
        WEIGHTS,
        'return { weight: now, why: `weight of step ${index + 1}` };',
        'return { weight: step.setWeight === undefined ? recorded : now, why: `weight of step ${index + 1}` };',
      ),
    ],
    within: 500,
  },
  {
    name: 'a first version that never came up holds the first weight of the fix',
    rule: 21,
    thread: 'AR 1774',
    edits: [
      edit(
        WEIGHTS,
        'input.recorded ?? (begins ? 0 : undefined);',
        'begins ? input.recorded : input.recorded;',
      ),
    ],
    within: 1,
    scenario: brokenFirst,
  },
  {
    name: 'a switch of the selector writes a field of the user',
    rule: 22,
    thread: 'AR 2266',
    edits: [
      edit(
        'control/rollout/apply.ts',
        'spec: { selector: { [HASH_LABEL]: intent.hash } },',
        'spec: { selector: { [HASH_LABEL]: intent.hash }, publishNotReadyAddresses: true },',
      ),
    ],
    within: 500,
  },
  {
    name: 'pods of an old version stand for those that the new one lacks',
    rule: 23,
    thread: 'AR 3333',
    edits: [
      edit('plan/rollout/status.ts', 'if (s.canary.available < s.replicas)\n', 'if (s.replicas < 0)\n'),
    ],
    within: 300,
  },
  {
    name: 'a deadline is looked at fifty times a second',
    rule: 24,
    thread: 'AR 2023',
    edits: [
      edit(
        'plan/rollout/status.ts',
        's.draft.lookAgainAt(Math.max(deadline, s.now));',
        's.draft.lookAgainAt(s.now + 20);',
      ),
    ],
    within: 50,
  },
  {
    name: 'running pods never get their metadata',
    rule: 25,
    thread: 'AR 4256',
    edits: [
      edit(
        'plan/rollout/ephemeral-metadata.ts',
        '.filter((pod) => pod.replicaSet === uid && !pod.terminating)',
        '.filter((pod) => pod.replicaSet === uid && pod.terminating)',
      ),
    ],
    within: 300,
  },
  {
    name: 'a restart deletes pods and asks no budget',
    rule: 26,
    thread: 'AR 908',
    edits: [
      edit(
        'control/rollout/apply.ts',
        "        await this.#context.writer.create(\n          POD,\n          {\n            apiVersion: 'policy/v1',",
        "        await this.#context.writer.delete(POD, ref);\n        if (uid === undefined) await this.#context.writer.create(\n          POD,\n          {\n            apiVersion: 'policy/v1',",
      ),
    ],
    within: 300,
  },
  {
    name: 'drift is healed without a back-off',
    rule: 27,
    thread: 'CD 9570',
    edits: [
      edit(
        'plan/sync/backoff.ts',
        'return healsInARow <= 0 ? 0 : Math.min(HEAL_BASE_MS * HEAL_FACTOR ** (healsInARow - 1), HEAL_LONGEST_MS);',
        'return healsInARow < 0 ? 1 : 0;',
      ),
    ],
    within: 1,
    scenario: scenarioOf('CD 9570'),
  },
  {
    name: 'why counts a pause from the moment of the question',
    rule: 28,
    thread: 'AR 3333',
    edits: [edit('plan/why/explain.ts', 'const start = pauseStart(found, now);', 'const start = now;')],
    within: 60,
  },
  {
    name: 'plan looks ahead in leaps of a minute',
    rule: 29,
    thread: '',
    edits: [
      edit(
        'plan/rehearsal/rehearse.ts',
        'world.now = Math.max(world.now, next);',
        'world.now = Math.max(world.now, next) + 60_000;',
      ),
    ],
    within: 150,
  },
];
