/** Commands that are one patch: abort, pause, retry, restart, terminate (spec 09 section 2). */

import type { ResourceType } from '../../kube/api.ts';
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT } from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { firstArg, type Invocation } from '../invocation.ts';
import {
  EXPERIMENT_ALIASES,
  forEachName,
  MANY,
  patchMain,
  patchStatusOrMain,
  ROLLOUT_ALIASES,
} from './shared.ts';

const statusEach =
  (body: JsonObject, done: (name: string) => string) =>
  (invocation: Invocation): Promise<void> =>
    forEachName(invocation, async (session, name) => {
      const object = await patchStatusOrMain(invocation, session, ROLLOUT, name, body);
      invocation.print.result(done(name), object);
    });

const mainEach =
  (type: ResourceType, body: JsonObject, done: (name: string) => string) =>
  (invocation: Invocation): Promise<void> =>
    forEachName(invocation, async (session, name) => {
      const object = await patchMain(invocation, session, type, name, body);
      invocation.print.result(done(name), object);
    });

export const abort: Command = {
  name: 'abort',
  summary: 'send all traffic back to the stable version',
  description:
    'Aborts the update that is under way: traffic goes back to the stable version at once. The Rollout is\n' +
    'Degraded until it is retried or its pod template goes back to the stable one.',
  takes: 'NAME...',
  min: 1,
  max: MANY,
  completes: 'rollout',
  flags: [OUTPUT_FLAG],
  examples: [
    { about: 'Abort the update of a rollout', line: 'kubectl sluice abort web' },
    { about: 'Abort two of them in another namespace', line: 'kubectl sluice abort web api -n shop' },
  ],
  run: statusEach({ status: { abort: true } }, (name) => `rollout '${name}' aborted`),
};

export const pause: Command = {
  name: 'pause',
  summary: 'hold a rollout where it is',
  description: 'Sets spec.paused. `promote` lets it go on; there is no command called resume.',
  takes: 'NAME...',
  min: 1,
  max: MANY,
  completes: 'rollout',
  flags: [OUTPUT_FLAG],
  examples: [{ about: 'Hold a rollout', line: 'kubectl sluice pause web' }],
  run: mainEach(ROLLOUT, { spec: { paused: true } }, (name) => `rollout '${name}' paused`),
};

const retryRollout: Command = {
  name: 'rollout',
  aliases: ROLLOUT_ALIASES,
  summary: 'start an aborted update again, from its first step',
  takes: 'NAME...',
  min: 1,
  max: MANY,
  completes: 'rollout',
  flags: [OUTPUT_FLAG],
  examples: [{ about: 'Retry an aborted rollout', line: 'kubectl sluice retry rollout web' }],
  run: statusEach({ status: { abort: false } }, (name) => `rollout '${name}' retried`),
};

const retryExperiment: Command = {
  name: 'experiment',
  aliases: EXPERIMENT_ALIASES,
  summary: 'start an experiment again',
  takes: 'NAME...',
  min: 1,
  max: MANY,
  completes: 'experiment',
  flags: [OUTPUT_FLAG],
  examples: [{ about: 'Retry an experiment', line: 'kubectl sluice retry experiment compare' }],
  run: mainEach(EXPERIMENT, { status: null }, (name) => `experiment '${name}' retried`),
};

export const retry: Command = {
  name: 'retry',
  summary: 'start an aborted rollout or a finished experiment again',
  children: [retryRollout, retryExperiment],
  examples: [{ about: 'Retry an aborted rollout', line: 'kubectl sluice retry rollout web' }],
};

const terminateRun: Command = {
  name: 'analysisrun',
  aliases: ['ar', 'analysisruns'],
  summary: 'end an analysis run now',
  takes: 'NAME...',
  min: 1,
  max: MANY,
  completes: 'analysisrun',
  flags: [OUTPUT_FLAG],
  examples: [{ about: 'End an analysis run', line: 'kubectl sluice terminate analysisrun web-6cf78c66c5-2' }],
  run: mainEach(ANALYSIS_RUN, { spec: { terminate: true } }, (name) => `analysisRun '${name}' terminated`),
};

const terminateExperiment: Command = {
  name: 'experiment',
  aliases: EXPERIMENT_ALIASES,
  summary: 'end an experiment now',
  takes: 'NAME...',
  min: 1,
  max: MANY,
  completes: 'experiment',
  flags: [OUTPUT_FLAG],
  examples: [{ about: 'End an experiment', line: 'kubectl sluice terminate experiment compare' }],
  run: mainEach(EXPERIMENT, { spec: { terminate: true } }, (name) => `experiment '${name}' terminated`),
};

export const terminate: Command = {
  name: 'terminate',
  summary: 'end an analysis run or an experiment now',
  children: [terminateRun, terminateExperiment],
  examples: [{ about: 'End an analysis run', line: 'kubectl sluice terminate analysisrun web-6cf78c66c5-2' }],
};

export const restart: Command = {
  name: 'restart',
  summary: 'replace the pods of a rollout by new ones of the same version',
  takes: 'NAME',
  min: 1,
  completes: 'rollout',
  flags: [
    { name: 'in', short: 'i', type: 'duration', help: 'wait so long first, for instance 10m', default: '0s' },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'Restart the pods now', line: 'kubectl sluice restart web' },
    { about: 'Restart them in ten seconds', line: 'kubectl sluice restart web --in 10s' },
  ],
  async run(invocation) {
    const name = firstArg(invocation);
    const inMs = invocation.flags.number('in') ?? 0;
    const restartAt = formatTime(invocation.clock.now() + inMs);
    const session = await invocation.session();
    const object = await patchMain(invocation, session, ROLLOUT, name, { spec: { restartAt } });
    const text = invocation.flags.raw('in') ?? '0s';
    invocation.print.result(`rollout '${name}' restarts in ${text}`, object);
  },
};
