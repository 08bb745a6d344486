/** `sluice`: picks the command and sets the exit code; nothing else. */

import { exitWhenLauncherEnds } from './lifetime.ts';
import { version } from './version.ts';

interface Command {
  /** Absent: not for people, and not in the help. */
  readonly summary?: string;
  /** Loaded on use, so that `--help` and small commands start fast. */
  readonly load: () => Promise<(argv: string[]) => Promise<number>>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  controller: {
    summary: 'run the controllers (rollouts, analysis, syncer) against a cluster',
    load: async () => (await import('./controller.ts')).controllerCommand,
  },
  sandbox: {
    summary: 'start an embedded cluster on loopback, to try and to test',
    load: async () => (await import('./sandbox.ts')).sandboxCommand,
  },
  demo: {
    summary: 'the guided tour: from a Git commit to a metric-gated canary and back',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  'demo-load': { load: async () => (await import('../demo/load.ts')).loadCommand },
};

const shown = (): [string, string][] =>
  Object.entries(COMMANDS).flatMap(([name, { summary }]): [string, string][] =>
    summary === undefined ? [] : [[name, summary]],
  );

function usage(): string {
  const width = Math.max(...shown().map(([name]) => name.length));
  return [
    'Sluice: progressive delivery for Kubernetes, compatible with Argo Rollouts manifests.',
    '',
    'Usage: sluice <command> [flags]',
    '',
    'Commands:',
    ...shown().map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Examples:',
    '  sluice demo                                  see everything once, on an embedded cluster',
    '  sluice sandbox                               an embedded cluster for kubectl',
    '  sluice controller --kubeconfig ~/.kube/config --namespaced -n team-a',
    '',
    'Flags: -h, --help, --version. `sluice <command> --help` tells more.',
    'To look at and steer Rollouts use the plugin: kubectl sluice --help',
  ].join('\n');
}

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage());
    return name === undefined ? 1 : 0;
  }
  if (name === '--version' || name === 'version') {
    console.log(version());
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    console.error(
      `Error: unknown command "${name}": it is one of ${shown()
        .map(([each]) => each)
        .join(', ')} (sluice --help)`,
    );
    return 1;
  }
  return await (
    await command.load()
  )(rest);
}

exitWhenLauncherEnds();
process.exitCode = await main(process.argv.slice(2));
