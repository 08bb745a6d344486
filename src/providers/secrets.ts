/** The Secrets that hold providers' credentials, as the controller reads them. */

export interface SecretReader {
  /** Where credentials of the controller are: its own namespace. */
  readonly ownNamespace: string;
  /**
   * The decoded data. Throws `SecretRefused` for what the API server won't give; one that does not answer is asked
   * again until `signal` ends that.
   */
  read(ref: SecretRef, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}

export interface SecretRef {
  readonly namespace: string;
  readonly name: string;
}

/** In the API server's words. */
export class SecretRefused extends Error {
  override readonly name = 'SecretRefused';
}
