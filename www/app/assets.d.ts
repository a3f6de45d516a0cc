declare module '*.css';

/** What webpack has a module bring along: the files of a folder that match, by name. */
interface ImportMeta {
  webpackContext(
    folder: string,
    options: { readonly recursive: boolean; readonly regExp: RegExp },
  ): ((name: string) => unknown) & { keys(): string[] };
}
