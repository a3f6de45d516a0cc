import { isModelCached } from 'clipsight';
import standard from 'clipsight-model-standard';

/**
 * How a page that is loaded anew knows that the visitor has just asked for the download of the
 * standard model: for this load of this tab only.
 */
const KEY = 'clipsight.download';

/**
 * Loads the page anew, since the network lock cannot be opened again, and has the standard model
 * downloaded, whatever the connection.
 */
export function reloadForStandard(): void {
  try {
    sessionStorage.setItem(KEY, 'standard');
  } catch {
    // Without storage a metered connection is asked about once more.
  }
  location.reload();
}

/** Whether the visitor asked for the download, which is then not known any more. */
export function takeDownload(): boolean {
  try {
    const asked = sessionStorage.getItem(KEY) !== null;
    sessionStorage.removeItem(KEY);
    return asked;
  } catch {
    return false;
  }
}

/** Whether loading the standard model takes nothing that a visitor would have to be asked about. */
export async function mayLoadStandard(): Promise<boolean> {
  return !isMetered() || (await isModelCached({ model: standard }));
}

/** Whether the connection is paid by volume, or is to be spared, as far as the browser says. */
function isMetered(): boolean {
  const { connection } = navigator as {
    readonly connection?: { readonly saveData?: boolean; readonly type?: string };
  };
  return connection?.saveData === true || connection?.type === 'cellular';
}
