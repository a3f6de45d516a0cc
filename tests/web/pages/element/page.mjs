// What a site with a strict policy does: it allows the worker's address, and none but that.
globalThis.trustedTypes.createPolicy('default', {
  createScriptURL: (url) =>
    new URL(url, location.href).pathname === '/pkg/worker.js' ? url : null,
});

window.uncaught = [];
window.onerror = (message) => void window.uncaught.push(String(message));

window.ui = await import('/pkg/element/ui.js');
window.clipsight = await import('/pkg/index.js');
// A test that sets properties before the elements are defined does that itself.
if (location.hash !== '#undefined') await import('/pkg/element/index.js');
document.documentElement.dataset.loaded = 'true';
