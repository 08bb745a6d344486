/** The kubectl that belongs to a control plane. */

import { execFile } from 'node:child_process';
import type { ControlPlane } from './control-plane.ts';

export interface KubectlResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Never rejects: the exit code is part of the answer. */
export async function tryKubectl(
  plane: ControlPlane,
  args: readonly string[],
  options: { input?: string | undefined; kubeconfig?: string | undefined } = {},
): Promise<KubectlResult> {
  const all = ['--kubeconfig', options.kubeconfig ?? plane.kubeconfig(), ...args];
  return await new Promise((resolve) => {
    const child = execFile(
      plane.binary('kubectl'),
      all,
      { maxBuffer: 1 << 26, timeout: 60_000 },
      (error, out, err) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        resolve({ code, out, err });
      },
    );
    child.stdin?.end(options.input);
  });
}

export async function kubectl(
  plane: ControlPlane,
  args: readonly string[],
  options: { input?: string | undefined; kubeconfig?: string | undefined } = {},
): Promise<string> {
  const { code, out, err } = await tryKubectl(plane, args, options);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${err || out}`);
  return out;
}
