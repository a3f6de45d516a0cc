// Debian's Firefox through its own remote control (Marionette): Playwright drives only a Firefox of
// its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.normandy.enabled': false,
  'marionette.port': 0,
  // What comes back from scripts in the browser's own windows.
  'security.allow_eval_with_system_principal': true,
};

/** Starts Firefox without a window; returns how to command it. */
export async function launchFirefox(program, preferences = {}) {
  const profile = await mkdtemp(path.join(os.tmpdir(), 'clipsight-firefox-'));
  const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(path.join(profile, 'user.js'), lines.join(''));
  // A group of its own, so that its helper processes end with it.
  const child = spawn(
    program,
    [
      '--headless',
      '--no-remote',
      '--marionette',
      '--remote-allow-system-access',
      '--profile',
      profile,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid);
      await once(child, 'exit');
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const port = await portOf(profile, child);
    const send = await connect(port);
    await send('WebDriver:NewSession', {});
    return {
      send,
      stop,
      /**
       * Runs the body of an asynchronous function: in the page, or with the browser's own powers.
       */
      async run(context, script, ...args) {
        await send('Marionette:SetContext', { value: context });
        const body = `const done = arguments[arguments.length - 1];
          (async (...args) => { ${script} })(...[...arguments].slice(0, -1)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
        const { value } = await send('WebDriver:ExecuteAsyncScript', {
          script: body,
          args,
          sandbox: null,
        });
        if (value.error !== undefined) throw new Error(value.error);
        return value.value;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Firefox writes the port that it got into its profile. */
async function portOf(profile, child) {
  const { readFile } = await import('node:fs/promises');
  for (let i = 0; i < 1200; i += 1) {
    if (child.exitCode !== null) throw new Error(`Firefox ended with ${child.exitCode}`);
    const text = await readFile(path.join(profile, 'MarionetteActivePort'), 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Firefox did not start');
}

/**
 * Messages are `length:json`; a command is [0, id, name, parameters], its answer [1, id, error,
 * result].
 */
async function connect(port) {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const open = new Map();
  let buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const colon = buffer.indexOf(':');
      const length = Number(buffer.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || buffer.length < colon + 1 + length) return;
      const message = JSON.parse(buffer.subarray(colon + 1, colon + 1 + length));
      buffer = buffer.subarray(colon + 1 + length);
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      const { resolve, reject } = open.get(id);
      open.delete(id);
      if (error === null) resolve(result);
      else reject(new Error(`${error.error}: ${error.message}`));
    }
  });
  let next = 0;
  return (name, parameters) =>
    new Promise((resolve, reject) => {
      const id = ++next;
      open.set(id, { resolve, reject });
      const text = JSON.stringify([0, id, name, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
}
