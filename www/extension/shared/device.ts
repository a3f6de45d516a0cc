import type { DevicePreference } from 'clipsight';

/** Devices that can be chosen in the panel. */
export const DEVICES = ['auto', 'cpu'] as const satisfies readonly DevicePreference[];
export type Device = (typeof DEVICES)[number];
