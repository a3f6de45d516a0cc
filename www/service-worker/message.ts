/** Page to service worker. */
export type Message =
  /** A newer service worker may take over. */
  | { readonly type: 'activate' }
  /** The page has loaded these files; answered on the port with `kept` or `failed`. */
  | { readonly type: 'keep'; readonly files: readonly string[] };
