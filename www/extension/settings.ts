import type { DevicePreference } from 'clipsight';
import { api } from './api.js';
import { isOneOf } from './guards.js';

/** Devices that can be chosen. */
export const DEVICES = ['auto', 'cpu'] as const satisfies readonly DevicePreference[];
export type Device = (typeof DEVICES)[number];

/** Where to compute, as chosen in the panel. */
export async function readDevice(): Promise<Device> {
  const { device } = await api.storage.local.get('device');
  return isOneOf(device, DEVICES) ? device : 'auto';
}

export async function writeDevice(device: Device): Promise<void> {
  await api.storage.local.set({ device });
}
