/** All commands, in the order in which help lists them. */

import type { Command } from '../args/command.ts';
import { backtest } from './backtest.ts';
import { completion } from './completion-scripts.ts';
import { create } from './create.ts';
import { get } from './get.ts';
import { lint } from './lint.ts';
import { list } from './list.ts';
import { plan } from './plan.ts';
import { promote } from './promote.ts';
import { set } from './set-image.ts';
import { status } from './status.ts';
import { abort, pause, restart, retry, terminate } from './steer.ts';
import { undo } from './undo.ts';
import { version } from './version.ts';
import { why } from './why.ts';

export const COMMANDS: Command = {
  name: 'kubectl sluice',
  summary: 'look at rollouts and steer them',
  description:
    'Looks at Rollouts and Experiments and steers them. Works with Sluice and with Argo Rollouts controllers.',
  children: [
    get,
    list,
    status,
    promote,
    pause,
    abort,
    retry,
    undo,
    set,
    restart,
    terminate,
    create,
    lint,
    plan,
    why,
    backtest,
    version,
    completion,
  ],
  examples: [
    { about: 'Follow a rollout', line: 'kubectl sluice get rollout web --watch' },
    { about: 'Let it go on, or go back', line: 'kubectl sluice promote web; kubectl sluice abort web' },
    { about: 'Wait for it in a pipeline', line: 'kubectl sluice status web --timeout 10m' },
  ],
};
