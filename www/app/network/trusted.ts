/**
 * The part of Trusted Types used here; TypeScript's libraries do not have it yet, and Firefox got
 * it late.
 */
interface TrustedTypePolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string | null }): unknown;
}

const allowed = new Set<string>();

/**
 * From now on the document starts scripts from these addresses only (and webpack from those of its
 * own policy).
 */
export function installScriptPolicy(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicyFactory };
  // The default policy sees whatever a program passes to a place that runs scripts; null refuses
  // it.
  trustedTypes?.createPolicy('default', {
    createScriptURL: (url) => (allowed.has(url) ? url : null),
  });
}

/** Lets a script be started from exactly this address. */
export function trustScript<T extends string>(url: T): T {
  allowed.add(url);
  return url;
}
