/** The git wrapper against real repositories, and against what a hostile one may hold. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gitEnvironment, run } from '../../src/git/command.ts';
import { prepareCredentials } from '../../src/git/credentials.ts';
import { classifyFailure } from '../../src/git/failures.ts';
import { redact } from '../../src/git/redact.ts';
import { SystemGit } from '../../src/git/repository.ts';
import { checkRevision } from '../../src/git/revision.ts';
import { parseRepositoryUrl } from '../../src/git/url.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-git-test-'));
const work = join(root, 'work');
const bare = join(root, 'bare.git');
const url = `file://${bare}`;
const env = {
  ...gitEnvironment(true),
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@x',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@x',
};
const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: work, env, encoding: 'utf8' }).trim();
const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(work, name)), { recursive: true });
  writeFileSync(join(work, name), text);
};
const commit = (message: string): string => {
  git('add', '-A');
  git('commit', '-q', '-m', message);
  git('push', '-q', 'origin', 'HEAD');
  return git('rev-parse', 'HEAD');
};
const source = (more: object = {}): SystemGit =>
  new SystemGit({
    cacheDirectory: mkdtempSync(join(root, 'cache-')),
    allowFile: true,
    timeoutMs: 20_000,
    ...more,
  });

let first = '';
let second = '';
before(() => {
  mkdirSync(work);
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', bare], { env });
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', bare);
  write('app/a.yaml', 'one');
  write('app/deep/b.yaml', 'two');
  symlinkSync('a.yaml', join(work, 'app/link.yaml'));
  symlinkSync('..', join(work, 'app/up'));
  symlinkSync('../..', join(work, 'app/out'));
  symlinkSync('/etc/passwd', join(work, 'app/passwd'));
  first = commit('first');
  git('tag', '-a', 'v1', '-m', 'annotated');
  git('tag', 'light');
  git('push', '-q', 'origin', '--tags');
  write('app/a.yaml', 'changed');
  second = commit('second');
  git('checkout', '-q', '-b', 'feature/x', first);
  write('app/a.yaml', 'feature');
  commit('feature');
  git('checkout', '-q', 'main');
});
after(() => rmSync(root, { recursive: true, force: true }));

describe('resolving a revision', () => {
  it('knows branches, tags, HEAD and commits, whole and short', async () => {
    const subject = source();
    assert.equal(await subject.resolve({ url }, 'HEAD'), second);
    assert.equal(await subject.resolve({ url }, ''), second);
    assert.equal(await subject.resolve({ url }, 'main'), second);
    assert.equal(await subject.resolve({ url }, 'refs/heads/main'), second);
    assert.equal(await subject.resolve({ url }, 'v1'), first);
    assert.equal(await subject.resolve({ url }, 'light'), first);
    assert.notEqual(await subject.resolve({ url }, 'feature/x'), second);
    assert.equal(await subject.resolve({ url }, first), first);
    assert.equal(await subject.resolve({ url }, first.slice(0, 8)), first);
  });

  it('says what to do when the revision does not exist', async () => {
    await assert.rejects(source().resolve({ url }, 'nowhere'), {
      code: 'RevisionNotFound',
      message: /targetRevision/,
    });
    await assert.rejects(source().resolve({ url }, 'f'.repeat(40)), { code: 'RevisionNotFound' });
  });

  it('says what to do when the repository does not exist', async () => {
    await assert.rejects(source().resolve({ url: `file://${root}/none.git` }, 'main'), {
      code: 'RepositoryNotFound',
      message: /repoURL/,
    });
  });

  for (const bad of [
    '--upload-pack=touch x',
    '-x',
    'main..other',
    'a b',
    'x^{commit}',
    'HEAD~1',
    '@{u}',
    'a\nb',
    'x:y',
    '/x',
    '.x',
    'x.lock',
  ]) {
    it(`refuses ${JSON.stringify(bad)}`, () =>
      assert.throws(() => checkRevision(bad), { code: 'InvalidRevision' }));
  }
});

describe('repository URLs', () => {
  const refused = [
    '',
    '-oProxyCommand=touch',
    '--upload-pack=touch /tmp/x',
    'ext::sh -c touch% /tmp/x',
    'ext::sh',
    '/etc',
    './repo',
    'ssh://-oProxyCommand=x/y',
    'ssh://host/',
    'git@-oProxyCommand=x:y',
    'git@host:-x',
    'https://host/a b',
    'https://host/a\nb',
    'https://host',
    'https://',
    'https://host/x?y=1',
  ];
  for (const bad of refused) {
    it(`refuses ${JSON.stringify(bad)}`, () =>
      assert.throws(() => parseRepositoryUrl(bad, { allowFile: true }), { code: 'InvalidUrl' }));
  }
  for (const bad of ['http://host/x', 'git://host/x', 'ftp://host/x']) {
    it(`does not allow ${bad}`, () =>
      assert.throws(() => parseRepositoryUrl(bad, { allowFile: true }), { code: 'ProtocolNotAllowed' }));
  }
  it('allows file:// only when told so', () => {
    assert.throws(() => parseRepositoryUrl('file:///x', { allowFile: false }), {
      code: 'ProtocolNotAllowed',
      message: /--allow-file-repos/,
    });
    assert.equal(parseRepositoryUrl('file:///x', { allowFile: true }).protocol, 'file');
  });
  it('takes credentials out of the URL', () => {
    const parsed = parseRepositoryUrl('https://me:s%40cret@host.example/o/r.git', { allowFile: false });
    assert.deepEqual(
      [parsed.url, parsed.username, parsed.password],
      ['https://host.example/o/r.git', 'me', 's@cret'],
    );
  });
  it('knows scp-like and ssh URLs', () => {
    assert.equal(parseRepositoryUrl('git@github.com:o/r.git', { allowFile: false }).protocol, 'ssh');
    assert.equal(parseRepositoryUrl('ssh://git@host:2222/o/r', { allowFile: false }).host, 'host:2222');
  });
  it('never shows a password', () => {
    assert.equal(
      redact('fatal: https://u:pw@host/x failed with pw', ['pww', 'abc']),
      'fatal: https://***@host/x failed with pw',
    );
    assert.equal(redact('token abc123 here', ['abc123']), 'token *** here');
  });
});

describe('reading a commit', () => {
  it('reads files, and follows links inside the repository only', async () => {
    await source().withTree({ url }, first, async (tree) => {
      assert.equal(await tree.text('app/a.yaml'), 'one');
      assert.equal(await tree.text('app/link.yaml'), 'one');
      assert.deepEqual(tree.filesBelow('app/deep'), ['b.yaml']);
      assert.equal(await tree.isDirectory('app'), true);
      assert.equal((await tree.resolve('app/up'))?.path, '');
      await assert.rejects(tree.resolve('app/out'), { code: 'PathOutside' });
      await assert.rejects(tree.text('app/passwd'), { code: 'PathOutside' });
      await assert.rejects(tree.text('app/none'), { code: 'PathNotFound' });
    });
  });

  it('keeps to its limits', async () => {
    const small = source({ treeLimits: { maxFileBytes: 2, maxTotalBytes: 100 } });
    await small.withTree({ url }, first, (tree) =>
      assert.rejects(tree.text('app/a.yaml'), { code: 'TooLarge' }),
    );
    await assert.rejects(
      source({ maxEntries: 1 }).withTree({ url }, first, async () => {}),
      { code: 'TooLarge' },
    );
  });

  it('fetches only what it has not got', async () => {
    const subject = source();
    assert.equal(await subject.withTree({ url }, second, (tree) => tree.text('app/a.yaml')), 'changed');
    const hidden = `${bare}.hidden`;
    execFileSync('mv', [bare, hidden]);
    try {
      assert.equal(await subject.withTree({ url }, second, (tree) => tree.text('app/a.yaml')), 'changed');
      await assert.rejects(subject.resolve({ url }, 'main'), { code: 'RepositoryNotFound' });
    } finally {
      execFileSync('mv', [hidden, bare]);
    }
    assert.equal(await subject.resolve({ url }, 'main'), second);
  });

  it('serves many at once through one lock', async () => {
    const subject = source();
    const texts = await Promise.all(
      [first, second, first, second].map((sha) =>
        subject.withTree({ url }, sha, (tree) => tree.text('app/a.yaml')),
      ),
    );
    assert.deepEqual(texts, ['one', 'changed', 'one', 'changed']);
  });

  it('makes a mirror anew that holds too many commits', async () => {
    const subject = source({ maxPinned: 1 });
    for (const sha of [first, second, first]) await subject.withTree({ url }, sha, async () => {});
    assert.equal(await subject.withTree({ url }, second, (tree) => tree.text('app/a.yaml')), 'changed');
  });

  it('reads binary files and large ones whole', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));
    writeFileSync(join(work, 'big.bin'), bytes);
    write('empty', '');
    const sha = commit('big');
    await source().withTree({ url }, sha, async (tree) => {
      assert.ok(Buffer.from(await tree.bytes('big.bin')).equals(bytes));
      assert.equal(await tree.text('empty'), '');
    });
  });
});

describe('nothing of the user or of the repository is executed', () => {
  it("ignores the user's configuration, hooks and fsmonitor", async () => {
    const marker = join(root, 'executed');
    const hook = join(root, 'evil.sh');
    writeFileSync(hook, `#!/bin/sh\ntouch ${marker}\n`);
    chmodSync(hook, 0o755);
    const home = join(root, 'home');
    mkdirSync(home, { recursive: true });
    writeFileSync(
      join(home, '.gitconfig'),
      `[core]\n\tfsmonitor = ${hook}\n\tsshCommand = ${hook}\n[credential]\n\thelper = ${hook}\n[uploadpack]\n\tpackObjectsHook = ${hook}\n`,
    );
    for (const name of ['post-checkout', 'reference-transaction', 'pre-receive', 'post-update']) {
      writeFileSync(join(bare, 'hooks', name), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    }
    const before = process.env['HOME'];
    process.env['HOME'] = home;
    process.env['GIT_SSH_COMMAND'] = hook;
    try {
      const subject = source();
      const sha = await subject.resolve({ url }, 'main');
      await subject.withTree({ url }, sha, (tree) => tree.text('app/a.yaml'));
    } finally {
      process.env['HOME'] = before;
      delete process.env['GIT_SSH_COMMAND'];
    }
    assert.equal(existsSync(marker), false);
  });

  it('passes nothing on but what it names', () => {
    const built = gitEnvironment(
      false,
      {},
      { PATH: '/bin', SECRET: 'x', GIT_DIR: '/evil', GIT_EXEC_PATH: '/evil' },
    );
    assert.equal(built['SECRET'], undefined);
    assert.equal(built['GIT_DIR'], undefined);
    assert.equal(built['GIT_EXEC_PATH'], undefined);
    assert.equal(built['GIT_ALLOW_PROTOCOL'], 'https:ssh');
    assert.equal(built['GIT_CONFIG_GLOBAL'], '/dev/null');
  });
});

describe('running a program', () => {
  const options = { env: { PATH: process.env['PATH'] ?? '' }, timeoutMs: 10_000, maxOutputBytes: 1000 };
  it('ends the whole process group at the time limit', async () => {
    const started = performance.now();
    const result = await run('sh', ['-c', 'sleep 30 & sleep 30; echo never'], { ...options, timeoutMs: 200 });
    assert.equal(result.ended, 'timeout');
    assert.ok(performance.now() - started < 5_000);
  });
  it('ends a program that prints too much', async () => {
    assert.equal((await run('sh', ['-c', 'yes'], options)).ended, 'output-limit');
  });
  it('ends with its signal', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    assert.equal((await run('sleep', ['30'], { ...options, signal: controller.signal })).ended, 'aborted');
  });
  it('says that a program is missing', async () => {
    assert.equal((await run('no-such-program', [], options)).ended, 'missing');
  });
});

describe('credentials', () => {
  it('reach git by a helper and the environment, and leave nothing behind', async () => {
    const prepared = await prepareCredentials(
      parseRepositoryUrl('https://host.example/r', { allowFile: false }),
      {
        username: 'user',
        password: 'pass word',
      },
    );
    const helper = prepared.env['GIT_ASKPASS'] ?? '';
    const ask = (prompt: string): string =>
      execFileSync(helper, [prompt], {
        env: { ...prepared.env, PATH: process.env['PATH'] },
        encoding: 'utf8',
      });
    assert.equal(ask("Username for 'https://host.example': "), 'user\n');
    assert.equal(ask("Password for 'https://user@host.example': "), 'pass word\n');
    await prepared.dispose();
    assert.equal(existsSync(helper), false);
  });

  it('keeps an SSH key in a file that only we can read, with the known hosts', async () => {
    const prepared = await prepareCredentials(
      parseRepositoryUrl('git@host.example:r', { allowFile: false }),
      {
        sshPrivateKey: 'KEY',
        sshKnownHosts: 'host.example ssh-ed25519 AAAA',
      },
    );
    const command = prepared.env['GIT_SSH_COMMAND'] ?? '';
    const key = /-i '([^']+)'/.exec(command)?.[1] ?? '';
    assert.match(execFileSync('stat', ['-c', '%a', key], { encoding: 'utf8' }), /^600/);
    assert.match(command, /StrictHostKeyChecking=yes/);
    assert.doesNotMatch(command, /KEY/);
    assert.deepEqual(readdirSync(dirname(key)).sort(), ['id', 'known_hosts']);
    await prepared.dispose();
  });

  it('do not appear in an error', () => {
    const error = classifyFailure(
      'https://host/x',
      'fetch',
      'fatal: Authentication failed for https://u:hunter22@host/x hunter22',
      ['hunter22'],
    );
    assert.equal(error.code, 'AuthenticationFailed');
    assert.doesNotMatch(error.message, /hunter22/);
  });

  for (const [said, code] of [
    ['Host key verification failed.', 'HostKeyUnknown'],
    ['git@h: Permission denied (publickey).', 'AuthenticationFailed'],
    ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'AuthenticationFailed'],
    ['remote: Repository not found.', 'RepositoryNotFound'],
    ["fatal: unable to access 'https://h/': Could not resolve host: h", 'Unreachable'],
    ["fatal: unable to access 'https://h/': The requested URL returned error: 404", 'RepositoryNotFound'],
    ['something new', 'Failed'],
  ] as const) {
    it(`are told from other trouble: ${said}`, () =>
      assert.equal(classifyFailure('https://h/', 'fetch', said, []).code, code));
  }
});
