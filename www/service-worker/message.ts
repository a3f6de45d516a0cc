/** Page to service worker. */
export type Message =
  /** A newer service worker may take over. */
  | { readonly type: 'activate' }
  /**
   * An image needs this decoder, or the bench its module `measure`, and the page reaches no network
   * any more: keeps its file, by the list's address, in Cache Storage, where the page finds it.
   * Answered as `keep`.
   */
  | { readonly type: 'decoder'; readonly name: string }
  /** As `decoder`, for the labelled rows that a model is taught with: a file of the list. */
  | { readonly type: 'references'; readonly file: string }
  /** The page has loaded these files; answered on the port with `kept` or `failed`. */
  | { readonly type: 'keep'; readonly files: readonly string[] };
