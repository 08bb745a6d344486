/** `why`: what a Rollout is waiting for, as the controller sees it. */

import { gatherOnce } from '../../control/rollout/gather-once.ts';
import { ROLLOUT } from '../../kube/kinds.ts';
import { formatTime } from '../../lang/time.ts';
import { explainRollout } from '../../plan/why/explain.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { readOne } from '../gather.ts';
import { firstArg } from '../invocation.ts';
import { rolloutSummary } from '../model/rollout.ts';
import { printable } from '../view/style.ts';
import { type WhyModel, whyLines } from '../view/why.ts';
import { NO_COLOR_FLAG } from './shared.ts';

export const why: Command = {
  name: 'why',
  summary: 'tell what a rollout is waiting for, and what would change it',
  description:
    'Decides about the rollout as the controller would at this moment, without writing anything, and tells in one\n' +
    'sentence what it waits for: pods, a pause, a gate with its last measurements, the router, a person; or why it is\n' +
    'degraded and what the ways out are. Data (-o json) has the numbers apart, with instants in RFC 3339.',
  takes: 'NAME',
  min: 1,
  completes: 'rollout',
  flags: [OUTPUT_FLAG, NO_COLOR_FLAG],
  examples: [
    { about: 'Ask what holds a release up', line: 'kubectl sluice why web' },
    { about: 'The cause in one word, for a script', line: 'kubectl sluice why web -o json | jq -r .cause' },
  ],
  async run(invocation) {
    const { clock, signal, io, print } = invocation;
    const session = await invocation.session();
    const object = await readOne(session, ROLLOUT, firstArg(invocation), signal);
    const now = clock.now();
    const snapshot = await gatherOnce(session.api, object, {
      now,
      signal,
      onDenied: (type, error) =>
        io.err(`Warning: ${type.plural} can't be read, and count as absent: ${printable(error.message)}\n`),
    });
    const model: WhyModel = {
      name: object.metadata.name,
      namespace: session.namespace,
      phase: rolloutSummary(object).status,
      ...explainRollout(snapshot),
    };
    if (print.format === 'text') print.lines(whyLines(model, now));
    else print.document(documentOf(model));
  },
};

const instant = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : formatTime(ms);

function documentOf({ since, until, deadline, gates, ...rest }: WhyModel): unknown {
  return {
    ...rest,
    since: instant(since),
    until: instant(until),
    deadline: instant(deadline),
    gates: gates.map(({ nextAt, ...gate }) => ({ ...gate, nextAt: instant(nextAt) })),
  };
}
