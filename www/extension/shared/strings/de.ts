import type { Locale } from 'clipsight/ui';
import { MAX_IMAGE_BYTES } from '../limits.js';
import type { Strings } from './en.js';

export const de = (l: Locale): Strings => ({
  privacy: 'Nichts wird hochgeladen. Bilder werden nur auf diesem Gerät untersucht.',
  empty: {
    title: 'Noch keine Bilder',
    menu:
      'Klicken Sie auf einer beliebigen Seite mit der rechten Maustaste auf ein Bild und ' +
      'wählen Sie „Dieses Bild prüfen“.',
    drop: 'Sie können auch ein Bild hierher ziehen oder hier einfügen.',
  },
  choose: 'Bilder auswählen',
  openPanel: 'Seitenleiste öffnen',
  over: 'Zum Prüfen loslassen',
  results: 'Ergebnisse',
  clear: 'Alle entfernen',
  receipt: 'Beleg sichern',
  image: 'Bild',
  pasted: 'Eingefügtes Bild',
  noFiles:
    'Das ist keine Bilddatei. Speichern Sie das Bild zuerst und ziehen Sie dann die Datei hierher.',
  overlays: {
    turnOn: (site) => `Bilder auf ${l.isolate(site)} markieren`,
    hint:
      'Bilder, die auf dieser Website selbst liegen, werden dann geprüft, sobald sie ins Bild ' +
      'kommen. Der Browser fragt Sie vorher.',
    elsewhere: 'Bilder auf dieser Seite können nicht markiert werden.',
    badge: (headline) => `${headline}. Einzelheiten zeigen`,
    error: 'Konnte nicht geprüft werden',
  },
  instead: {
    memory:
      'Mit dem kompakten Modell geprüft: Dieses Gerät hat zu wenig Speicher für das Standardmodell.',
    other: 'Mit dem kompakten Modell geprüft: Das Standardmodell läuft auf diesem Gerät nicht.',
  },
  settings: {
    heading: 'Einstellungen',
    model: 'Modell',
    models: { compact: 'Kompakt: schneller', standard: 'Standard: stärker' },
    modelNote:
      'Beide sind in der Erweiterung enthalten, nichts wird heruntergeladen. Gilt ab dem nächsten Bild. Das stärkere braucht länger und mehr Speicher.',
    device: 'Läuft auf',
    auto: 'GPU, wenn eine schnelle vorhanden ist',
    cpu: 'CPU',
    language: 'Sprache',
    sites: 'Erlaubte Websites',
    noSites: 'Keine. Die Erweiterung kann keine Website lesen, solange Sie es nicht erlauben.',
    marked: 'Bilder werden markiert',
    remove: (site) => `${l.isolate(site)} nicht mehr erlauben`,
  },
  reason: {
    scheme: () =>
      'Bilder mit dieser Art von Adresse können nicht gelesen werden. ' +
      'Speichern Sie das Bild und ziehen Sie die Datei hierher.',
    private: (host) =>
      `${l.isolate(host)} liegt in einem privaten Netz, diese Seite nicht. Deshalb wurde von ` +
      'dort nichts abgerufen. Speichern Sie das Bild und ziehen Sie die Datei hierher.',
    status: (code) => `Der Server antwortete mit ${code}.`,
    unreachable: () =>
      'Das Bild konnte nicht heruntergeladen werden und ist auf der Seite nicht zu sehen. ' +
      'Speichern Sie es und ziehen Sie die Datei hierher.',
    stalled: () => 'Der Server hat zu lange gebraucht.',
    'too-large': () => `Das Bild ist größer als ${l.mebibytes(MAX_IMAGE_BYTES)}.`,
    empty: () => 'Der Server hat eine leere Datei geschickt.',
    'no-image': () => 'Weder unter dem Mauszeiger noch sonst im sichtbaren Bereich ist ein Bild.',
    'not-visible': () =>
      'Vom Bild ist zu wenig zu sehen. Scrollen Sie dorthin und versuchen Sie es noch einmal.',
    'not-shown': () =>
      'Die Website schickte ein anderes Bild als das auf der Seite, und von diesem ist zu wenig ' +
      'zu sehen. Scrollen Sie dorthin und versuchen Sie es noch einmal.',
    detector: (detail) =>
      `Der Detektor hat nicht funktioniert (${detail}). Versuchen Sie es noch einmal.`,
  },
});
