import { api } from './api.js';
import { DEVICES } from './device.js';
import type { Device } from './device.js';
import { isOneOf } from './guards.js';

/** Where to compute, as chosen in the panel. */
export async function readDevice(): Promise<Device> {
  const { device } = await api.storage.local.get('device');
  return isOneOf(device, DEVICES) ? device : 'auto';
}

export async function writeDevice(device: Device): Promise<void> {
  await api.storage.local.set({ device });
}
