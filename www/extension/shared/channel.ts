/**
 * Messages between the extension's own pages and its background. They go over a BroadcastChannel:
 * it reaches documents of the extension's origin only (no page, no other extension, not the
 * sandboxed frame, whose origin is opaque), and carries pictures as Blobs, i.e. by reference. What
 * arrives is checked all the same.
 */
import type { Analysis, DetectorInfo } from 'clipsight';
import { FIDELITIES, isAnalysis, isInfo } from './analysis.js';
import type { Fidelity } from './analysis.js';
import { REASONS } from './errors.js';
import type { WireError } from './errors.js';
import { DEVICES } from './device.js';
import type { Device } from './device.js';
import { isId, isNumber, isOneOf, isPicture, isRecord, isText } from './guards.js';

/** One image on its way, as a panel shows it. */
export interface Job {
  readonly id: string;
  /**
   * The window whose panel shows it: what was looked at in a private window is shown in no other.
   */
  readonly windowId: number;
  readonly name: string;
  readonly image?: Blob;
  readonly outcome?: Outcome;
}

/** How an analysis ended. */
export type Outcome =
  | { readonly analysis: Analysis; readonly info: DetectorInfo; readonly error?: never }
  | { readonly error: WireError; readonly analysis?: never };

export type Message =
  /** To the engine: analyse. */
  | {
      readonly kind: 'analyze';
      readonly id: string;
      readonly image: Blob;
      readonly fidelity: Fidelity;
      readonly device: Device;
    }
  /** From the engine: it has heard. */
  | { readonly kind: 'accepted'; readonly id: string }
  /** From the engine. */
  | { readonly kind: 'outcome'; readonly id: string; readonly outcome: Outcome }
  /** From the background to panels: what a job has come to. */
  | { readonly kind: 'job'; readonly job: Job };

const NAME = 'clipsight';

/** Opens the channel; returns how to send. */
export function openChannel(receive?: (message: Message) => void): (message: Message) => void {
  const channel = new BroadcastChannel(NAME);
  if (receive !== undefined) {
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isMessage(data)) receive(data);
    });
  }
  return (message) => {
    channel.postMessage(message);
  };
}

/** Whether a value is one of the messages above. */
export function isMessage(value: unknown): value is Message {
  if (!isRecord(value)) return false;
  if (value['kind'] === 'job') return isJob(value['job']);
  if (!isId(value['id'])) return false;
  switch (value['kind']) {
    case 'analyze':
      return (
        isPicture(value['image']) &&
        isOneOf(value['fidelity'], FIDELITIES) &&
        isOneOf(value['device'], DEVICES)
      );
    case 'accepted':
      return true;
    case 'outcome':
      return isOutcome(value['outcome']);
    default:
      return false;
  }
}

function isJob(value: unknown): value is Job {
  return (
    isRecord(value) &&
    isId(value['id']) &&
    isNumber(value['windowId']) &&
    isText(value['name']) &&
    (value['image'] === undefined || isPicture(value['image'])) &&
    (value['outcome'] === undefined || isOutcome(value['outcome']))
  );
}

/** Whether it is the end of an analysis. */
export function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value)) return false;
  const { analysis, info, error } = value;
  if (error === undefined) return isAnalysis(analysis) && isInfo(info);
  return (
    analysis === undefined &&
    isRecord(error) &&
    isText(error['code'], 40) &&
    isText(error['message'], 300) &&
    (error['reason'] === undefined || isOneOf(error['reason'], REASONS)) &&
    (error['detail'] === undefined || isText(error['detail'], 300))
  );
}
