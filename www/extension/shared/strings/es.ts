import type { Locale } from 'clipsight/ui';
import { MAX_IMAGE_BYTES } from '../limits.js';
import type { Strings } from './en.js';

export const es = (l: Locale): Strings => ({
  privacy: 'No se sube nada. Las imágenes se analizan solo en este dispositivo.',
  empty: {
    title: 'Aún no hay imágenes',
    menu: 'Haga clic derecho en una imagen de cualquier página y elija «Comprobar esta imagen».',
    drop: 'También puede soltar o pegar aquí una imagen.',
  },
  choose: 'Elegir imágenes',
  openPanel: 'Abrir el panel lateral',
  over: 'Suelte para comprobar',
  results: 'Resultados',
  clear: 'Quitar todo',
  receipt: 'Guardar un comprobante',
  image: 'Imagen',
  pasted: 'Imagen pegada',
  noFiles: 'Eso no es un archivo de imagen. Guarde primero la imagen y suelte aquí el archivo.',
  overlays: {
    turnOn: (site) => `Marcar las imágenes de ${l.isolate(site)}`,
    hint:
      'Las imágenes alojadas en este sitio se comprobarán cuando queden a la vista. ' +
      'El navegador le preguntará antes.',
    elsewhere: 'Las imágenes de esta página no se pueden marcar.',
    badge: (headline) => `${headline}. Mostrar detalles`,
    error: 'No se pudo comprobar',
  },
  instead: {
    memory:
      'Examinada con el modelo compacto: este dispositivo tiene muy poca memoria para el estándar.',
    other: 'Examinada con el modelo compacto: el estándar no funciona en este dispositivo.',
  },
  settings: {
    heading: 'Ajustes',
    model: 'Modelo',
    models: { compact: 'Compacto: más rápido', standard: 'Estándar: más potente' },
    modelNote:
      'Ambos forman parte de la extensión; no se descarga nada. Se aplica a partir de la próxima imagen. El más potente tarda más y necesita más memoria.',
    device: 'Se ejecuta en',
    auto: 'GPU, si hay una rápida',
    cpu: 'CPU',
    language: 'Idioma',
    sites: 'Sitios que ha permitido',
    noSites: 'Ninguno. La extensión no puede leer ningún sitio hasta que usted lo permita.',
    marked: 'se marcan las imágenes',
    remove: (site) => `Dejar de permitir ${l.isolate(site)}`,
  },
  reason: {
    scheme: () =>
      'No se pueden leer imágenes con este tipo de dirección. ' +
      'Guarde la imagen y suelte aquí el archivo.',
    private: (host) =>
      `${l.isolate(host)} está en una red privada y esta página no, así que no se le ha pedido ` +
      'nada. Guarde la imagen y suelte aquí el archivo.',
    status: (code) => `El servidor respondió ${code}.`,
    unreachable: () =>
      'No se pudo descargar la imagen y no se ve en la página. Guárdela y suelte aquí el archivo.',
    stalled: () => 'El servidor tardó demasiado en responder.',
    'too-large': () => `La imagen ocupa más de ${l.mebibytes(MAX_IMAGE_BYTES)}.`,
    empty: () => 'El servidor envió un archivo vacío.',
    'no-image': () => 'No hay ninguna imagen bajo el puntero ni a la vista.',
    'not-visible': () => 'Se ve muy poco de la imagen. Desplácese hasta ella e inténtelo de nuevo.',
    'not-shown': () =>
      'El sitio envió una imagen distinta de la que muestra la página, y de esta se ve muy poco. ' +
      'Desplácese hasta ella e inténtelo de nuevo.',
    detector: (detail) => `El detector ha fallado (${detail}). Inténtelo de nuevo.`,
  },
});
