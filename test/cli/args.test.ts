import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionFlags, GLOBAL_FLAGS } from '../../src/cli/args/connection.ts';
import { type FlagSpec, parseFlags } from '../../src/cli/args/flags.ts';
import { editDistance, nearest } from '../../src/cli/args/suggest.ts';
import type { Command } from '../../src/cli/args/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { UsageError } from '../../src/cli/errors.ts';
import { ApiError, ApiUnreachable } from '../../src/kube/api.ts';
import { Bench, rollout } from './harness.ts';

const SPECS: FlagSpec[] = [
  { name: 'namespace', short: 'n', type: 'text', help: '' },
  { name: 'watch', short: 'w', type: 'boolean', help: '' },
  { name: 'all', short: 'A', type: 'boolean', help: '' },
  { name: 'arg', short: 'a', type: 'texts', help: '' },
  { name: 'count', type: 'integer', help: '' },
  { name: 'in', short: 'i', type: 'duration', help: '' },
  { name: 'timeout', type: 'timeout', help: '' },
  { name: 'output', short: 'o', type: 'text', choices: ['json', 'yaml'], help: '' },
];
const parse = (...argv: string[]): ReturnType<typeof parseFlags> => parseFlags(argv, SPECS);

const status = (code: number, reason: string, message: string): ApiError =>
  new ApiError({ code, reason, message });

async function told(error: Error): Promise<string> {
  const bench = new Bench();
  bench.before = () => {
    throw error;
  };
  const { code, err } = await bench.run('get rollout web');
  assert.equal(code, 1);
  return err;
}

describe('flags', () => {
  it('take a value in every form that kubectl has', () => {
    for (const argv of [
      ['-n', 'ns'],
      ['-nns'],
      ['-n=ns'],
      ['--namespace', 'ns'],
      ['--namespace=ns'],
      ['-wn', 'ns'],
      ['-wAnns'],
    ])
      assert.equal(parse(...argv).flags.text('namespace'), 'ns', argv.join(' '));
    assert.equal(parse('--namespace=a=b').flags.text('namespace'), 'a=b');
    assert.equal(parse('-n', '-w').flags.text('namespace'), '-w', 'as pflag: a value is a value');
  });

  it('stand anywhere among the arguments, and end at --', () => {
    const { flags, args } = parse('a', '-w', 'b', '--', '-n', 'c');
    assert.deepEqual(
      [flags.boolean('watch'), flags.text('namespace'), args],
      [true, undefined, ['a', 'b', '-n', 'c']],
    );
  });

  it('are true or false', () => {
    for (const text of ['--watch', '-w', '--watch=true', '-w=1', '--watch=T'])
      assert.equal(parse(text).flags.boolean('watch'), true, text);
    for (const text of ['--watch=false', '-w=0', '--watch=F'])
      assert.equal(parse(text).flags.boolean('watch', true), false, text);
    assert.equal(parse('--watch', '--watch=false').flags.boolean('watch'), false, 'the last one counts');
    assert.throws(
      () => parse('--watch=maybe'),
      /invalid argument "maybe" for "-w, --watch": it is true or false/,
    );
    assert.throws(() => parse('--watch=toString'), UsageError);
  });

  it('are numbers, durations and lists', () => {
    assert.equal(parse('--count=-3').flags.number('count'), -3);
    assert.equal(parse('-i', '1h30m').flags.number('in'), 5_400_000);
    assert.equal(parse('--timeout', '30').flags.number('timeout'), 30_000, 'bare seconds, as kubectl');
    assert.deepEqual(parse('-a', 'x=1', '--arg=y=2').flags.texts('arg'), ['x=1', 'y=2']);
  });

  it('that are wrong say what is right', () => {
    const rows: [string[], RegExp][] = [
      [['--wacth'], /: unknown flag: --wacth; did you mean --watch\?$/],
      [['--nothing-like-it'], /: unknown flag: --nothing-like-it$/],
      [['-x'], /: unknown shorthand flag: -x$/],
      [['-n'], /: flag needs an argument: -n$/],
      [['--namespace'], /: flag needs an argument: --namespace$/],
      [['--count=1.5'], /: invalid argument "1.5" for "--count": it is a whole number$/],
      [['--in=1x'], /it is a duration such as 30s/],
      [['--timeout=-1s'], /it is a duration/],
      [['-o', 'xml'], /: invalid argument "xml" for "-o, --output": it is json or yaml$/],
      [['--__proto__=1'], /: unknown flag: --__proto__$/],
    ];
    for (const [argv, error] of rows) assert.throws(() => parse(...argv), error, argv.join(' '));
  });

  it('of connections become those of the kubeconfig loader', () => {
    const { flags } = parseFlags(
      [
        '-n',
        'a',
        '--context',
        'c',
        '-s',
        'https://x',
        '--as',
        'u',
        '--as-group=g',
        '--as-group=h',
        '--as-uid',
        '7',
        '--request-timeout',
        '5s',
        '--client-key=k',
        '--insecure-skip-tls-verify',
      ],
      GLOBAL_FLAGS,
    );
    const found = connectionFlags(flags);
    assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)), {
      namespace: 'a',
      context: 'c',
      server: 'https://x',
      as: 'u',
      asGroups: ['g', 'h'],
      asUid: '7',
      clientKey: 'k',
      insecureSkipTlsVerify: true,
      requestTimeoutMs: 5000,
    });
  });
});

describe('the words of a command line', () => {
  const bench = new Bench();

  it('may have flags between them', async () => {
    await bench.put(rollout('web', { canary: {} }));
    assert.equal((await bench.run('-n shop get --no-color rollout web')).code, 0);
    assert.equal(bench.flags.at(-1)?.namespace, 'shop');
  });

  it('that are wrong lead to those that are right, with usage and exit code 1', async () => {
    const rows: [string, RegExp][] = [
      [
        'prmote web',
        /^Error: unknown command "prmote" for "kubectl sluice"; did you mean "promote"\?\n\nUsage: kubectl sluice <command>/,
      ],
      ['resume web', /^Error: unknown command "resume" for "kubectl sluice"/],
      ['xyzzy', /it is one of get, list, status, promote/],
      ['get rolout web', /unknown command "rolout" for "kubectl sluice get"; did you mean "rollout"\?/],
      ['abort', /^Error: NAME is missing\n\nUsage: kubectl sluice abort NAME\.\.\. \[flags\]/],
      ['promote a b', /^Error: 1 argument is expected, but there are 2\n\nUsage:/],
      ['list rollouts web', /^Error: no argument is expected, but there is "web"\n/],
      ['promote web --ful', /^Error: unknown flag: --ful; did you mean --full\?/],
      ['get --wrong', /unknown flag: --wrong/],
      ['completion tcsh', /there is no completion for "tcsh": it is one of bash, zsh, fish, powershell/],
    ];
    for (const [line, error] of rows) {
      const { code, out, err } = await bench.run(line);
      assert.deepEqual([code, out], [1, ''], line);
      assert.match(err, error, line);
    }
  });

  it('alone are answered with help on standard error', async () => {
    for (const line of ['', 'get', 'retry']) {
      const { code, out, err } = await bench.run(line);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /Commands:/);
    }
  });

  it('near to another are found by distance', () => {
    assert.equal(editDistance('abrot', 'abort'), 1);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(nearest('lsit', ['list', 'lint']), 'list');
    assert.equal(nearest('zzzz', ['list', 'lint']), undefined);
    assert.equal(nearest('x'.repeat(100_000), ['list']), undefined);
  });
});

describe('help', () => {
  const walk = (command: Command, path: string[]): [string[], Command][] => [
    [path, command],
    ...(command.children ?? []).flatMap((child) => walk(child, [...path, child.name])),
  ];

  it('has usage, an example and the exit codes for every command', async () => {
    const bench = new Bench();
    for (const [path, command] of walk(COMMANDS, [])) {
      const { code, out, err } = await bench.run([...path, '--help']);
      assert.deepEqual([code, err], [0, ''], path.join(' '));
      assert.match(out, /Usage: kubectl sluice/);
      assert.match(out, /Examples:\n {2}# /, path.join(' '));
      assert.match(out, /Exit code: 0 when all went well, 1 on any error\./);
      assert.ok(
        out.split('\n').every((line) => line.length <= 120),
        path.join(' '),
      );
      for (const { line } of command.examples ?? []) {
        assert.match(line, /kubectl[ -]sluice/);
      }
    }
    assert.deepEqual(bench.requests, []);
  });

  it('is there whatever else is wrong, and by its own word', async () => {
    const bench = new Bench();
    const { out } = await bench.run('promote --help');
    assert.equal((await bench.run('promote a b c --nonsense -h')).out, out);
    assert.equal((await bench.run('help promote')).out, out);
  });

  it('shows examples whose command lines are right', async () => {
    const bench = new Bench();
    for (const [path, command] of walk(COMMANDS, [])) {
      for (const { line } of command.examples ?? []) {
        for (const part of line.split(/;|\|/)) {
          const words = /^\s*kubectl sluice (.*)$/.exec(part)?.[1]?.replaceAll("'", '').trim().split(/\s+/);
          if (words === undefined) continue;
          const { code, err } = await bench.run([...words, '--help']);
          assert.deepEqual([code, err], [0, ''], `${path.join(' ')}: ${line}`);
          const { err: told } = await bench.run(words, { signal: AbortSignal.abort() });
          assert.doesNotMatch(told, /Usage:|unknown (flag|command)/, `${path.join(' ')}: ${line}`);
        }
      }
    }
  });
});

describe('errors of a cluster', () => {
  it('are told in one sentence, with what to do', async () => {
    assert.equal(
      await told(new ApiUnreachable('connect ECONNREFUSED 127.0.0.1:6443')),
      'Error: no answer from the API server at https://cluster.example:6443 (connect ECONNREFUSED 127.0.0.1:6443): ' +
        'check that it runs and that context "test" (--context) is the right one\n',
    );
    assert.match(
      await told(status(401, 'Unauthorized', 'Unauthorized')),
      /^Error: Unauthorized\nHint: the credentials were refused/,
    );
    assert.match(await told(status(403, 'Forbidden', 'rollouts is forbidden')), /Hint: ask an administrator/);
    assert.match(
      await told(status(404, 'NotFound', 'the server could not find the requested resource')),
      /Hint: the kinds of argoproj\.io are not installed in this cluster: apply the files in crds\/\n$/,
    );
    assert.match(await told(new TypeError('x is not a function')), /Hint: this is a fault of kubectl-sluice/);
  });

  it('of the kubeconfig are told as they are', async () => {
    assert.equal(
      (await new Bench().run('get rollout web --context broken')).err,
      'Error: context "broken" does not exist\n',
    );
  });

  it('can not move the cursor', async () => {
    assert.equal(await told(status(400, 'BadRequest', 'a\u001b[2Jb\rc')), 'Error: a [2Jb c\n');
  });
});

describe('completion', () => {
  it('knows commands, flags, and the names of the first argument', async () => {
    const bench = new Bench();
    await bench.put(
      rollout('web', { canary: {} }),
      rollout('worker', { canary: {} }),
      rollout('api', { canary: {} }),
    );
    const complete = async (...words: string[]): Promise<string[]> => {
      const { code, out, err } = await bench.run(['__complete', ...words]);
      assert.deepEqual([code, err], [0, '']);
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t')[0] ?? '');
    };
    assert.deepEqual(await complete('pr'), ['promote', ':4']);
    assert.deepEqual(await complete('get', ''), ['rollout', 'experiment', 'analysisrun', ':4']);
    assert.deepEqual(await complete('promote', '--fu'), ['--full', ':4']);
    assert.deepEqual(await complete('promote', 'w'), ['web', 'worker', ':4']);
    assert.deepEqual(await complete('promote', 'web', ''), [':4'], 'only the first argument');
    assert.deepEqual(await complete('nonsense', ''), [':4']);
    assert.deepEqual(
      await complete('promote', '--context', 'broken', ''),
      [':4'],
      'no noise without a cluster',
    );
    for (const shell of ['bash', 'zsh', 'fish', 'powershell'])
      assert.match((await bench.run(`completion ${shell}`)).out, /kubectl-sluice __complete/);
  });
});

describe('version', () => {
  it('asks no cluster', async () => {
    const bench = new Bench();
    assert.equal((await bench.run('version')).out, 'kubectl-sluice: v1.2.3\n  Platform: test/none\n');
    assert.equal((await bench.run('version --short')).out, 'kubectl-sluice: v1.2.3\n');
    assert.deepEqual(JSON.parse((await bench.run('version -o json')).out), {
      version: 'v1.2.3',
      Platform: 'test/none',
    });
    assert.deepEqual(bench.flags, []);
  });
});
