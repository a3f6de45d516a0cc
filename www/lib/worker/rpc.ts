/**
 * The messages between the page's thread and the worker: every call carries an id, every answer
 * carries its call's id.
 */
import type { DetectorErrorCode } from '../api/errors.js';
import type { DecoderName } from '../decoders/decoders.js';
import type { ModelAddresses } from '../model/source.js';
import type {
  Analysis,
  Fidelity,
  Provenance,
  Rectangle,
  TaughtLabel,
} from '../api/analysis.generated.js';
import type { DetectorInfo } from '../api/detector.js';
import type { Verification } from '../api/verification.generated.js';
import type { Anchors } from '../verifier/verifier.js';
import type {
  AnalyzeProgress,
  BuildName,
  DevicePreference,
  ImageLimits,
  LoadProgress,
  ModelFiles,
} from '../api/options.js';
import type { HeadInfo } from '../api/teach.js';

/** The file of a taught head, and its hash. */
export interface HeadFile {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Calls the worker answers: parameters and result of each. */
export interface Calls {
  /**
   * Opens the device, loads the model onto it and tests it. Once a worker, before anything else.
   */
  load: {
    params: {
      readonly model: ModelAddresses | Pick<ModelFiles, 'manifest' | 'shards' | 'cache'>;
      /** Absolute addresses or bytes of WebAssembly builds. */
      readonly builds: Readonly<Partial<Record<BuildName, string | Uint8Array<ArrayBuffer>>>>;
      /** The same of the decoders of rarer images, loaded when one comes. */
      readonly decoders: Readonly<Partial<Record<DecoderName, string | Uint8Array<ArrayBuffer>>>>;
      readonly device: DevicePreference;
      /** The build for `device`, which is not `auto` then, as an earlier worker compiled it. */
      readonly module?: WebAssembly.Module;
    };
    result: LoadedInfo;
  };
  /** Analyses one image. One at a time: the page's side keeps the queue. */
  analyze: {
    params: {
      readonly input: Blob | Uint8Array;
      readonly limits: Required<ImageLimits>;
      readonly fidelity: Fidelity;
      readonly views?: 1 | 5;
      readonly explain?: boolean;
      readonly stability?: 'say' | 'abstain';
      readonly crop?: Rectangle;
      /** Whether to read what the file says of how it was made. */
      readonly provenance: boolean;
      /** The taught head that judges; without one the model's own does. */
      readonly head?: HeadFile;
    };
    result: Analysis;
  };
  /** Checks the Content Credentials of one file. Needs no model: `load` need not come first. */
  verify: {
    params: {
      readonly input: Blob | Uint8Array;
      /** Largest file in bytes. */
      readonly maxBytes: number;
      /** Absolute address or bytes of the verifier, loaded with the first file. */
      readonly verifier: string | Uint8Array<ArrayBuffer>;
      /** Authorities to trust besides the lists, in PEM. */
      readonly anchors: Anchors;
    };
    result: Verification;
  };
  /** Reads one image to teach with. As `analyze`, one at a time. */
  example: {
    params: { readonly input: Blob | Uint8Array; readonly limits: Required<ImageLimits> };
    /** Numbers that this model understands, on whatever worker. */
    result: Float32Array;
  };
  /** Fits a head to examples. */
  teach: {
    params: {
      readonly references: Uint8Array;
      readonly examples: readonly Float32Array[];
      readonly label: TaughtLabel;
      readonly name: string;
    };
    /** The head's file. */
    result: Uint8Array;
  };
  /** Reads the file of a taught head. */
  head: {
    params: { readonly bytes: Uint8Array };
    result: HeadInfo;
  };
  /** Reads what a file says of how it was made. Needs no model: `load` need not come before. */
  provenance: {
    params: {
      readonly input: Blob | Uint8Array;
      readonly limits: Required<ImageLimits>;
      /** As of `load`. */
      readonly builds: Calls['load']['params']['builds'];
    };
    result: Provenance;
  };
}

/** Page to worker: nobody waits for this call's answer any more. */
export interface Cancel {
  readonly call: 'cancel';
  readonly id: number;
}

/** What is known after loading; whether it fell back is known to the page's side only. */
export type LoadedInfo = Omit<DetectorInfo, 'selfTest' | 'fallbackReason' | 'head'> & {
  /** The compiled build, for further workers. */
  readonly module: WebAssembly.Module;
  /**
   * What its WebAssembly memory took by then: 4-bit weights, say, take twice their bytes on the
   * CPU.
   */
  readonly memoryBytes: number;
};

/** An error on its way out of the worker. */
export interface WireError {
  readonly code: DetectorErrorCode;
  readonly message: string;
  /**
   * The worker's WebAssembly instance is unusable from now on: its GPU is lost, or it stopped in
   * mid-work. The code says through whose fault: `decode` and `limit` are the image's, and a fresh
   * instance on the same device goes on.
   */
  readonly fatal: boolean;
  /** The decoder that the image needs, or the verifier, which could not be loaded. */
  readonly decoder?: DecoderName | 'verifier';
}

/** Page to worker. */
export type Request = {
  [K in keyof Calls]: {
    readonly id: number;
    readonly call: K;
    readonly params: Calls[K]['params'];
  };
}[keyof Calls];

/** Worker to page. */
export type Response =
  | { readonly type: 'result'; readonly id: number; readonly result: Calls[keyof Calls]['result'] }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'progress'; readonly progress: LoadProgress }
  /** How far a call is that takes long. */
  | { readonly type: 'step'; readonly id: number; readonly progress: AnalyzeProgress }
  /** The worker holds the lock of its own name, until it ends in whatever way. */
  | { readonly type: 'alive' }
  /**
   * Which device was chosen, as soon as it is: a crash while loading must be laid at the right
   * door.
   */
  | { readonly type: 'device'; readonly device: 'webgpu' | 'cpu' }
  /**
   * Something broke outside of any call, e.g. Rust panicked between two awaits or the GPU was lost
   * while idle.
   */
  | { readonly type: 'fatal'; readonly error: WireError };

/** The page's end of a line to whoever computes. */
export interface Port {
  send(request: Request): void;
  /** Says that a call's answer is not waited for any more; it comes nevertheless. */
  cancel(cancel: Cancel): void;
  /** Ends whoever computes, at once. */
  close(): void;
}

/** What comes in at the page's end. */
export interface PortEvents {
  readonly received: (response: Response) => void;
  /** The other end is gone or was never there. `crashed`: it had been running. */
  readonly failed: (message: string, crashed: boolean) => void;
  /** Somebody else ended it, whatever it was doing. */
  readonly killed: () => void;
}
