/** A file on its way in, with the path it has inside a dropped or picked folder. */
export interface Incoming {
  readonly file: File;
  readonly name: string;
}

/** Files that are no images, by name, are passed over in folders: nobody chose each of them. */
const IMAGE_NAME = /\.(jpe?g|jfif|png|webp|gif|bmp|tiff?)$/i;

/** What a picked folder holds. */
export function fromFolder(files: Iterable<File>): Incoming[] {
  return [...files]
    .filter(({ name }) => IMAGE_NAME.test(name))
    .map((file) => ({
      file,
      name: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
    }));
}

/** What a picker of files gave. */
export function fromFiles(files: Iterable<File>): Incoming[] {
  return [...files].map((file) => ({ file, name: file.name }));
}

/**
 * What was dropped, folders walked through. Must be called within the event: afterwards the browser
 * forgets the drop. Files come in the order of their paths.
 */
export async function fromDrop(transfer: DataTransfer): Promise<Incoming[]> {
  const entries = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const files = fromFiles(transfer.files);
  if (!entries.some(({ isDirectory }) => isDirectory)) return files;
  const found: Incoming[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Incoming[]): Promise<void> {
  if (isFile(entry)) {
    const inFolder = entry.fullPath.lastIndexOf('/') > 0;
    if (inFolder && !IMAGE_NAME.test(entry.name)) return;
    try {
      const file = await new Promise<File>((resolve, reject) => {
        entry.file(resolve, reject);
      });
      found.push({ file, name: entry.fullPath.replace(/^\//, '') });
    } catch {
      // Moved or deleted since: there is nothing left to say anything about.
    }
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    const children: FileSystemEntry[] = [];
    // At most 100 come at a time; none means that was all.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve) => {
        reader.readEntries(resolve, () => {
          resolve([]);
        });
      });
      if (some.length === 0) break;
      children.push(...some);
    }
    children.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const child of children) await walk(child, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
