// Every way out of a page that we know of, each tried for good. The functions run in the page or in
// a worker: they use nothing from here.

/**
 * In a page: tries to reach `base` in every way, `${base}NAME` each. Returns the names. What is
 * refused may throw: whether anything arrived, only the server knows.
 */
export async function tryAllFromPage({ base, stun }) {
  const tried = [];
  const connections = [];
  const attempt = async (name, work) => {
    tried.push(name);
    try {
      await work(base + name);
    } catch {
      // Refused on the spot.
    }
  };
  const append = (tag, attributes) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    document.body.append(element);
    return element;
  };
  const socket = (url) => url.replace(/^http/, 'ws');
  await attempt('fetch', (url) => fetch(url));
  await attempt('fetch-keepalive', (url) =>
    fetch(url, { mode: 'no-cors', keepalive: true, method: 'POST', body: 'x' }),
  );
  await attempt('xhr', (url) => {
    const request = new XMLHttpRequest();
    request.open('GET', url, false);
    request.send();
  });
  await attempt('websocket', (url) => new WebSocket(socket(url)));
  await attempt('event-source', (url) => new EventSource(url));
  await attempt('beacon', (url) => navigator.sendBeacon(url, 'x'));
  await attempt('image', (url) => append('img', { src: url }));
  await attempt('image-object', (url) => (new Image().src = url));
  await attempt('picture-set', (url) => append('img', { srcset: `${url} 1x` }));
  await attempt('stylesheet', (url) => append('link', { rel: 'stylesheet', href: url }));
  await attempt('css-image', (url) => {
    append('div', { class: 'probe-image' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`.probe-image { width: 9px; height: 9px; background: url(${url}) }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  });
  await attempt('css-font', async (url) => {
    const face = new FontFace('probe', `url(${url})`);
    document.fonts.add(face);
    await face.load();
  });
  await attempt('script', (url) => append('script', { src: url }));
  await attempt('module', (url) => import(url));
  await attempt('worker', (url) => new Worker(url));
  await attempt('shared-worker', (url) => new SharedWorker(url));
  await attempt('service-worker', (url) => navigator.serviceWorker.register(url, { scope: base }));
  await attempt('iframe', (url) => append('iframe', { src: url }));
  await attempt('object', (url) => append('object', { data: url }));
  await attempt('embed', (url) => append('embed', { src: url }));
  await attempt('video', (url) => append('video', { src: url, preload: 'auto' }));
  await attempt('audio', (url) => append('audio', { src: url, preload: 'auto' }));
  await attempt('preload', (url) => append('link', { rel: 'preload', as: 'image', href: url }));
  await attempt('prefetch', (url) => append('link', { rel: 'prefetch', href: url }));
  await attempt('modulepreload', (url) => append('link', { rel: 'modulepreload', href: url }));
  await attempt('form', (url) => {
    append('iframe', { name: 'probe-frame' });
    append('form', { action: url, method: 'post', target: 'probe-frame' }).submit();
  });
  await attempt('ping', (url) => append('a', { href: '#probe', ping: url }).click());
  await attempt('cache', async (url) => (await caches.open('probe')).add(url));
  await attempt('rtc', async () => {
    const connection = new RTCPeerConnection({ iceServers: [{ urls: `stun:${stun}` }] });
    connections.push(connection);
    connection.createDataChannel('probe');
    await connection.setLocalDescription(await connection.createOffer());
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // Or it goes on asking, and a later probe is taken for heard.
  for (const connection of connections) connection.close();
  return tried;
}

/** The same in a worker. */
export async function tryAllFromWorker({ base, stun }) {
  const tried = [];
  const connections = [];
  const attempt = async (name, work) => {
    tried.push(name);
    try {
      await work(base + name);
    } catch {
      // Refused on the spot.
    }
  };
  await attempt('fetch', (url) => fetch(url));
  await attempt('xhr', (url) => {
    const request = new XMLHttpRequest();
    request.open('GET', url, false);
    request.send();
  });
  await attempt('websocket', (url) => new WebSocket(url.replace(/^http/, 'ws')));
  await attempt('event-source', (url) => new EventSource(url));
  await attempt('import-scripts', (url) => globalThis.importScripts(url));
  await attempt('module', (url) => import(url));
  await attempt('worker', (url) => new Worker(url));
  await attempt('blob-worker', (url) => {
    const text = `fetch(${JSON.stringify(url)}); importScripts(${JSON.stringify(url)})`;
    return new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  });
  await attempt('font', async (url) => {
    const face = new FontFace('probe', `url(${url})`);
    globalThis.fonts.add(face);
    await face.load();
  });
  await attempt('cache', async (url) => (await caches.open('probe')).add(url));
  await attempt('rtc', async () => {
    const connection = new RTCPeerConnection({ iceServers: [{ urls: `stun:${stun}` }] });
    connections.push(connection);
    connection.createDataChannel('probe');
    await connection.setLocalDescription(await connection.createOffer());
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // Or it goes on asking, and a later probe is taken for heard.
  for (const connection of connections) connection.close();
  return tried;
}
