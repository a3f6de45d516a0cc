import { reasonToPass } from './sift.js';
import type { Passed, PassedReason } from './sift.js';

/** A file on its way in, with the path it has inside a dropped or picked folder. */
export interface Incoming {
  readonly file: File;
  readonly name: string;
}

/** What came in, and what of it was passed over. */
export interface Found {
  readonly images: readonly Incoming[];
  readonly passed: readonly Passed[];
}

/** What a picked folder holds. */
export function fromFolder(files: Iterable<File>): Found {
  const images: Incoming[] = [];
  const passed: Passed[] = [];
  for (const file of files) {
    const name = file.webkitRelativePath === '' ? file.name : file.webkitRelativePath;
    const reason = reasonToPass(name);
    if (reason === undefined) images.push({ file, name });
    else passed.push({ name, reason, ...(reason === 'other' ? { file } : {}) });
  }
  return { images, passed };
}

/** What a picker of files gave. */
export function fromFiles(files: Iterable<File>): Incoming[] {
  return [...files].map((file) => ({ file, name: file.name }));
}

/**
 * What was dropped, folders walked through. Must be called within the event: afterwards the browser
 * forgets the drop. Files come in the order of their paths.
 */
export async function fromDrop(transfer: DataTransfer): Promise<Found> {
  const entries = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const files = fromFiles(transfer.files);
  if (!entries.some(({ isDirectory }) => isDirectory)) return { images: files, passed: [] };
  const found = { images: [], passed: [] };
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(
  entry: FileSystemEntry,
  found: { readonly images: Incoming[]; readonly passed: Passed[] },
): Promise<void> {
  const name = entry.fullPath.replace(/^\//, '');
  const pass = (reason: PassedReason, file?: File): void => {
    found.passed.push({ name, reason, ...(file === undefined ? {} : { file }) });
  };
  if (isFile(entry)) {
    // What lies beside the folders was chosen as it is.
    const reason = name.includes('/') ? reasonToPass(name) : undefined;
    if (reason !== undefined && reason !== 'other') {
      pass(reason);
      return;
    }
    try {
      const file = await new Promise<File>((resolve, reject) => {
        entry.file(resolve, reject);
      });
      if (reason === undefined) found.images.push({ file, name });
      else pass(reason, file);
    } catch {
      pass('unreadable');
    }
  } else if (isFolder(entry)) {
    const children = await childrenOf(entry);
    if (children === undefined) pass('unreadable');
    for (const child of children ?? []) await walk(child, found);
  }
}

/** A folder's entries by name; undefined where it cannot be read. */
async function childrenOf(
  folder: FileSystemDirectoryEntry,
): Promise<readonly FileSystemEntry[] | undefined> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  try {
    // At most 100 come at a time; none means that was all.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
        reader.readEntries(resolve, reject);
      });
      if (some.length === 0) break;
      children.push(...some);
    }
  } catch {
    return undefined;
  }
  return children.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
