import type { Locale } from 'clipsight/ui';
import type { Strings } from './en.js';

export const de = (l: Locale): Strings => ({
  privacy: 'Nichts wird hochgeladen. Bilder werden nur auf diesem Gerät gelesen und beurteilt.',
  empty: {
    title: 'Noch kein Bild',
    menu: 'Klicken Sie auf einer beliebigen Seite mit der rechten Maustaste auf ein Bild und wählen Sie „Dieses Bild prüfen“.',
    drop: 'Oder ziehen Sie ein Bild hierher oder fügen Sie eines ein.',
  },
  choose: 'Bilder auswählen',
  openPanel: 'Seitenleiste öffnen',
  over: 'Zum Prüfen loslassen',
  results: 'Ergebnisse',
  clear: 'Alle entfernen',
  image: 'Bild',
  pasted: 'Eingefügtes Bild',
  noFiles:
    'Das war keine Bilddatei. Speichern Sie das Bild zuerst und ziehen Sie dann die Datei hierher.',
  reading: 'Das Bild wird gelesen …',
  overlays: {
    turnOn: (site) => `Bilder auf ${l.isolate(site)} markieren`,
    hint: 'Die Bilder dieser Website selbst werden dann geprüft, sobald sie in Sicht kommen. Der Browser fragt Sie vorher.',
    elsewhere: 'Diese Seite kann nicht markiert werden.',
    badge: (headline) => `${headline}. Einzelheiten zeigen`,
    error: 'Konnte nicht geprüft werden',
  },
  settings: {
    heading: 'Einstellungen',
    device: 'Rechnen auf',
    auto: 'GPU, wenn es eine schnelle gibt',
    cpu: 'CPU',
    language: 'Sprache',
    sites: 'Erlaubte Websites',
    noSites: 'Keine. Die Erweiterung kann keine Website lesen, solange Sie es nicht erlauben.',
    marked: 'Bilder werden markiert',
    remove: (site) => `${l.isolate(site)} nicht mehr erlauben`,
  },
  reason: {
    scheme: () =>
      'Bilder mit dieser Art von Adresse können nicht gelesen werden. Speichern Sie das Bild und ziehen Sie die Datei hierher.',
    private: (host) =>
      `${l.isolate(host)} liegt in einem privaten Netz, die Seite nicht. Von dort wird nichts abgerufen. Speichern Sie das Bild und ziehen Sie die Datei hierher.`,
    status: (code) => `Der Server antwortete mit ${code}.`,
    unreachable: () =>
      'Das Bild konnte nicht abgerufen werden und ist auf der Seite nicht zu sehen. Speichern Sie es und ziehen Sie die Datei hierher.',
    stalled: () => 'Der Server hat zu lange gebraucht.',
    'too-large': () => `Das Bild hat mehr als ${l.number(64)} MiB.`,
    empty: () => 'Der Server hat kein Bild geschickt.',
    'no-image': () => 'Unter dem Mauszeiger ist kein Bild, und es ist auch keines zu sehen.',
    'no-page': () => 'Diese Seite kann nicht gelesen werden.',
    'not-visible': () =>
      'Vom Bild ist zu wenig zu sehen. Scrollen Sie dorthin und versuchen Sie es noch einmal.',
    engine: (detail) =>
      `Der Detektor hat nicht geantwortet (${detail}). Versuchen Sie es noch einmal.`,
  },
});
