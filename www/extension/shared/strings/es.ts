import type { Locale } from 'clipsight/ui';
import type { Strings } from './en.js';

export const es = (l: Locale): Strings => ({
  privacy: 'No se sube nada. Las imágenes se leen y evalúan solo en este dispositivo.',
  empty: {
    title: 'Aún no hay ninguna imagen',
    menu: 'Haga clic derecho en una imagen de cualquier página y elija «Comprobar esta imagen».',
    drop: 'O suelte aquí una imagen, o péguela.',
  },
  choose: 'Elegir imágenes',
  openPanel: 'Abrir el panel lateral',
  over: 'Suelte para comprobar',
  results: 'Resultados',
  clear: 'Quitar todo',
  image: 'Imagen',
  pasted: 'Imagen pegada',
  noFiles: 'Eso no era un archivo de imagen. Guarde primero la imagen y suelte aquí el archivo.',
  reading: 'Leyendo la imagen…',
  overlays: {
    turnOn: (site) => `Marcar las imágenes de ${l.isolate(site)}`,
    hint: 'Las imágenes propias de este sitio se comprobarán cuando queden a la vista. El navegador le preguntará antes.',
    elsewhere: 'Esta página no se puede marcar.',
    badge: (headline) => `${headline}. Mostrar detalles`,
    error: 'No se pudo comprobar',
  },
  settings: {
    heading: 'Ajustes',
    device: 'Calcular en',
    auto: 'GPU si hay una rápida',
    cpu: 'CPU',
    language: 'Idioma',
    sites: 'Sitios que ha permitido',
    noSites: 'Ninguno. La extensión no puede leer ningún sitio hasta que lo permita.',
    marked: 'se marcan las imágenes',
    remove: (site) => `Dejar de permitir ${l.isolate(site)}`,
  },
  reason: {
    scheme: () =>
      'No se pueden leer imágenes con este tipo de dirección. Guarde la imagen y suelte aquí el archivo.',
    private: (host) =>
      `${l.isolate(host)} está en una red privada y la página no. No se pide nada de ahí. Guarde la imagen y suelte aquí el archivo.`,
    status: (code) => `El servidor respondió ${code}.`,
    unreachable: () =>
      'No se pudo obtener la imagen y no se ve en la página. Guárdela y suelte aquí el archivo.',
    stalled: () => 'El servidor tardó demasiado.',
    'too-large': () => `La imagen tiene más de ${l.number(64)} MiB.`,
    empty: () => 'El servidor no envió ninguna imagen.',
    'no-image': () => 'No hay ninguna imagen bajo el puntero ni a la vista.',
    'no-page': () => 'Esta página no se puede leer.',
    'not-visible': () => 'Se ve muy poco de la imagen. Desplácese hasta ella e inténtelo de nuevo.',
    engine: (detail) => `El detector no respondió (${detail}). Inténtelo de nuevo.`,
  },
});
