/** The flags that every command has: kubectl's connection flags, and ours for output. */

import type { ConnectionFlags } from '../../kube/kubeconfig.ts';
import { UsageError } from '../errors.ts';
import type { Flags, FlagSpec } from './flags.ts';

export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  {
    name: 'namespace',
    short: 'n',
    type: 'text',
    value: 'NAME',
    help: 'namespace; that of the context when absent',
  },
  { name: 'context', type: 'text', value: 'NAME', help: 'context of the kubeconfig' },
  { name: 'cluster', type: 'text', value: 'NAME', help: 'cluster of the kubeconfig' },
  { name: 'user', type: 'text', value: 'NAME', help: 'user of the kubeconfig' },
  {
    name: 'kubeconfig',
    type: 'text',
    value: 'FILE',
    help: 'kubeconfig; $KUBECONFIG or ~/.kube/config when absent',
  },
  { name: 'server', short: 's', type: 'text', value: 'URL', help: 'address of the API server' },
  { name: 'token', type: 'text', value: 'TOKEN', help: 'bearer token' },
  { name: 'as', type: 'text', value: 'USER', help: 'user to impersonate' },
  { name: 'as-group', type: 'texts', value: 'GROUP', help: 'group to impersonate; may be repeated' },
  { name: 'as-uid', type: 'text', value: 'UID', help: 'uid to impersonate' },
  { name: 'certificate-authority', type: 'text', value: 'FILE', help: 'certificate of the authority' },
  { name: 'client-certificate', type: 'text', value: 'FILE', help: 'client certificate' },
  { name: 'client-key', type: 'text', value: 'FILE', help: 'key of the client certificate' },
  { name: 'insecure-skip-tls-verify', type: 'boolean', help: "don't check the server's certificate" },
  {
    name: 'tls-server-name',
    type: 'text',
    value: 'NAME',
    help: "name to expect in the server's certificate",
  },
  {
    name: 'request-timeout',
    type: 'timeout',
    help: 'time limit of a single request, such as 10s; 0 is none',
  },
  { name: 'loglevel', type: 'text', help: 'accepted for compatibility', default: 'info', hidden: true },
  { name: 'kloglevel', short: 'v', type: 'integer', help: 'show the stack of an unexpected error from 1 on' },
  // kubectl's, without a meaning here: nothing is cached, and answers are small.
  { name: 'cache-dir', type: 'text', help: 'accepted for compatibility', hidden: true },
  { name: 'disable-compression', type: 'boolean', help: 'accepted for compatibility', hidden: true },
  { name: 'match-server-version', type: 'boolean', help: 'accepted for compatibility', hidden: true },
  { name: 'help', short: 'h', type: 'boolean', help: 'this text' },
];

export const OUTPUT_FLAG: FlagSpec = {
  name: 'output',
  short: 'o',
  type: 'text',
  choices: ['json', 'yaml'],
  help: 'print data for programs instead of text for people',
};

export function connectionFlags(flags: Flags): ConnectionFlags {
  const groups = flags.texts('as-group');
  const namespace = flags.text('namespace');
  if (namespace === '') throw new UsageError('--namespace is empty: name a namespace, or leave the flag out');
  return {
    kubeconfig: flags.text('kubeconfig'),
    context: flags.text('context'),
    cluster: flags.text('cluster'),
    user: flags.text('user'),
    namespace,
    server: flags.text('server'),
    token: flags.text('token'),
    certificateAuthority: flags.text('certificate-authority'),
    clientCertificate: flags.text('client-certificate'),
    clientKey: flags.text('client-key'),
    insecureSkipTlsVerify: flags.has('insecure-skip-tls-verify')
      ? flags.boolean('insecure-skip-tls-verify')
      : undefined,
    tlsServerName: flags.text('tls-server-name'),
    as: flags.text('as'),
    asGroups: groups.length === 0 ? undefined : groups,
    asUid: flags.text('as-uid'),
    requestTimeoutMs: flags.number('request-timeout'),
  };
}
