/** `promote`: what it writes depends on what the Rollout waits for (spec 09 section 3). */

import type { KubeObject } from '../../kube/api.ts';
import { ROLLOUT } from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError } from '../errors.ts';
import { firstArg } from '../invocation.ts';
import { at, listAt, numberAt, textAt } from '../model/read.ts';
import { patchMain, patchStatus } from './shared.ts';

export type PromoteMode = 'default' | 'full' | 'skip-current-step' | 'skip-all-steps';

/** What goes where; what is absent isn't written. */
export interface PromotePatches {
  readonly status?: JsonObject;
  readonly main?: JsonObject;
  /** In place of both, where status has no subresource. */
  readonly unified?: JsonObject;
}

export const promote: Command = {
  name: 'promote',
  summary: 'end a pause, or skip the current step, or all of them',
  description:
    'Lets a rollout go on: a pause ends, a manually paused rollout is unpaused, and otherwise the current step of a\n' +
    'canary is skipped. With --full everything that is left is skipped: analysis, pauses and steps.',
  takes: 'NAME',
  min: 1,
  completes: 'rollout',
  flags: [
    { name: 'full', type: 'boolean', help: 'skip all that is left: analysis, pauses and steps' },
    {
      name: 'skip-current-step',
      short: 'c',
      type: 'boolean',
      help: 'skip the current step',
      deprecated: 'use without the flag instead e.g. promote ROLLOUT',
    },
    {
      name: 'skip-all-steps',
      short: 'a',
      type: 'boolean',
      help: 'skip all steps',
      deprecated: 'use --full instead e.g. promote ROLLOUT --full',
    },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'End a pause, or skip the current step', line: 'kubectl sluice promote web' },
    { about: 'Go to the new version now', line: 'kubectl sluice promote web --full' },
  ],
  async run(invocation) {
    const { flags, print, signal } = invocation;
    const name = firstArg(invocation);
    const mode = modeOf(
      flags.boolean('full'),
      flags.boolean('skip-current-step'),
      flags.boolean('skip-all-steps'),
    );
    const session = await invocation.session();
    let rollout = await session.api.get(ROLLOUT, { namespace: session.namespace, name }, { signal });
    checkSkips(rollout, mode);
    const patches = promotePatches(rollout, mode);
    let { main } = patches;
    if (patches.status !== undefined) {
      const answer = await patchStatus(invocation, session, ROLLOUT, name, patches.status);
      if (answer === undefined) main = patches.unified;
      else rollout = answer;
    }
    if (main !== undefined) rollout = await patchMain(invocation, session, ROLLOUT, name, main);
    print.result(`rollout '${name}' ${mode === 'full' ? 'fully promoted' : 'promoted'}`, rollout);
  },
};

function modeOf(full: boolean, skipCurrent: boolean, skipAll: boolean): PromoteMode {
  if (skipCurrent && skipAll)
    throw new CliError('Cannot use skip-current-step and skip-all-steps flags at the same time');
  if (skipCurrent) return 'skip-current-step';
  if (skipAll) return 'skip-all-steps';
  return full ? 'full' : 'default';
}

function checkSkips(rollout: KubeObject, mode: PromoteMode): void {
  if (mode !== 'skip-current-step' && mode !== 'skip-all-steps') return;
  if ((at(rollout, 'spec', 'strategy', 'blueGreen') ?? null) !== null)
    throw new CliError('Cannot skip steps of a bluegreen rollout. Run without a flags');
  if (listAt(rollout, 'spec', 'strategy', 'canary', 'steps').length === 0)
    throw new CliError('Cannot skip steps of a rollout without steps');
}

/** Where status has no subresource, one patch unpauses as well, whether or not that is needed. */
const unified = (status: JsonObject): JsonObject => ({ spec: { paused: false }, status });

/** First match of the table. Pure. */
export function promotePatches(rollout: KubeObject, mode: PromoteMode): PromotePatches {
  const steps = listAt(rollout, 'spec', 'strategy', 'canary', 'steps').length;
  const isCanary = (at(rollout, 'spec', 'strategy', 'canary') ?? null) !== null;
  const next = Math.min((numberAt(rollout, 'status', 'currentStepIndex') ?? 0) + 1, steps);
  const unpause = at(rollout, 'spec', 'paused') === true ? { main: { spec: { paused: false } } } : {};

  if (mode === 'skip-current-step' || mode === 'skip-all-steps') {
    const status = { status: { currentStepIndex: mode === 'skip-all-steps' ? steps : next } };
    return { status, unified: status };
  }
  if (mode === 'full') {
    const promoteFull = { promoteFull: true };
    const isDone = textAt(rollout, 'status', 'currentPodHash') === textAt(rollout, 'status', 'stableRS');
    return isDone ? unpause : { ...unpause, status: { status: promoteFull }, unified: unified(promoteFull) };
  }
  const hasPause = listAt(rollout, 'status', 'pauseConditions').length > 0;
  const resume = { pauseConditions: null };
  const verdict = textAt(rollout, 'status', 'canary', 'currentStepAnalysisRunStatus', 'status');
  const held = hasPause && at(rollout, 'status', 'controllerPause') === true;
  if (isCanary && steps > 0 && verdict === 'Inconclusive' && held) {
    const status = { ...resume, controllerPause: false, currentStepIndex: next };
    return { ...unpause, status: { status }, unified: unified(resume) };
  }
  if (hasPause) return { ...unpause, status: { status: resume }, unified: unified(resume) };
  if (isCanary && steps > 0) {
    const status = { ...resume, currentStepIndex: next };
    return { ...unpause, status: { status }, unified: unified(status) };
  }
  return unpause;
}
