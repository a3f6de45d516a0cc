import { LANGUAGES } from 'clipsight/ui';
import type { Language } from 'clipsight/ui';
import { api } from './api.js';
import { DEVICES } from './device.js';
import type { Device } from './device.js';
import { MODELS } from './model.js';
import type { Model } from './model.js';

/** Where to compute, as chosen in the panel. */
export async function readDevice(): Promise<Device> {
  const { device } = await api.storage.local.get('device');
  return DEVICES.find((known) => known === device) ?? 'auto';
}

export async function writeDevice(device: Device): Promise<void> {
  await api.storage.local.set({ device });
}

/** Which model judges, as chosen in the panel. */
export async function readModel(): Promise<Model> {
  const { model } = await api.storage.local.get('model');
  return MODELS.find((known) => known === model) ?? 'compact';
}

export async function writeModel(model: Model): Promise<void> {
  await api.storage.local.set({ model });
}

/**
 * The language of the extension: the one chosen in the panel, else that of the browser's own
 * interface.
 */
export async function readLanguage(): Promise<string> {
  const { language } = await api.storage.local.get('language');
  return LANGUAGES.find((known) => known === language) ?? api.i18n.getUILanguage();
}

export async function writeLanguage(language: Language): Promise<void> {
  await api.storage.local.set({ language });
}
