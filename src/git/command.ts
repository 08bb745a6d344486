/**
 * Runs the system's `git` (or another renderer) without a shell, with an environment of its own, a time limit
 * that ends the whole process group, and a limit on what it may print. facts.md "Git, Kustomize, Helm".
 */

import { spawn } from 'node:child_process';

interface CommandLimits {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

export interface CommandResult {
  /** -1 when it was ended by us or by a signal. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly ended: 'exit' | 'timeout' | 'output-limit' | 'aborted' | 'missing';
}

const PASSED_ON = [
  'PATH',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'ALL_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'TMPDIR',
];

const CONFIG: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'false'],
  ['credential.helper', ''],
  ['fetch.recurseSubmodules', 'false'],
  ['submodule.recurse', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['http.lowSpeedLimit', '100'],
  ['http.lowSpeedTime', '30'],
  ['protocol.version', '2'],
  ['advice.detachedHead', 'false'],
];

/** The whole environment of a git process: nothing of the user's or the system's configuration takes part. */
export function gitEnvironment(
  allowFile: boolean,
  extra: Readonly<Record<string, string>> = {},
  base: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = base[name];
    if (value !== undefined) env[name] = value;
  }
  Object.assign(env, {
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_ALLOW_PROTOCOL: allowFile ? 'https:ssh:file' : 'https:ssh',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_CONFIG_COUNT: String(CONFIG.length),
  });
  CONFIG.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return { ...env, ...extra };
}

export function run(
  program: string,
  args: readonly string[],
  options: CommandLimits & {
    env: Readonly<Record<string, string>>;
    cwd?: string | undefined;
    signal?: AbortSignal | undefined;
    input?: string | undefined;
  },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    if (options.signal?.aborted) {
      resolve({ code: -1, stdout: Buffer.alloc(0), stderr: '', ended: 'aborted' });
      return;
    }
    // A group of its own, so that helpers (ssh, remote-https) end with it.
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      windowsHide: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let outBytes = 0;
    let errBytes = 0;
    let ended: CommandResult['ended'] = 'exit';
    let settled = false;

    const kill = (why: CommandResult['ended']): void => {
      if (ended === 'exit') ended = why;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const timer = setTimeout(() => kill('timeout'), options.timeoutMs);
    const onAbort = (): void => kill('aborted');
    options.signal?.addEventListener('abort', onAbort, { once: true });

    const settle = (code: number): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString('utf8'), ended });
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      if (outBytes > options.maxOutputBytes) kill('output-limit');
      else out.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errBytes += chunk.length;
      if (errBytes <= 64 * 1024) err.push(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') ended = 'missing';
      else err.push(Buffer.from(error.message));
      settle(-1);
    });
    child.on('close', (code) => settle(code ?? -1));
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}
