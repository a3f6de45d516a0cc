import type { Locale } from 'clipsight/ui';
import type { Strings } from './en.js';

/** The page's own sentences, in German. */
export const de = (l: Locale): Strings => ({
  title: 'Wie stark sieht ein Bild nach KI aus?',
  lead: 'Lesen Sie die Hinweise in einem Bild, mit dem gemessenen Fehler daneben. Alles läuft auf diesem Gerät.',
  footer: (model) => `Modell ${l.isolate(model)}.`,

  lock: {
    loading: 'Nichts wird hochgeladen.',
    loadingNote: 'Sobald das Modell hier ist, wird das Netz gesperrt.',
    locked: 'Netz gesperrt.',
    lockedNote: 'Weder diese Seite noch ihr Worker kann noch ins Netz.',
    open: 'Netz offen.',
    openNote:
      'Bilder können von einer Adresse geholt werden. Sperren Sie das Netz, bevor Sie private Bilder ansehen.',
    more: 'Wie das geht',
    heading: 'Die Netzsperre',
    points: [
      'Zuerst werden Modell und Programm geladen. Dann weist die Seite den Browser an, jede weitere Verbindung abzulehnen: Anfragen, Sockets, Beacons, Bilder, Skripte, Stilvorlagen, Schriften, Rahmen, Formulare.',
      'Ihre Dateien liest ein Worker, der unter dieser Regel gestartet wird. Er kann sie nicht aufheben, und die Seite kann es auch nicht: nur ein neues Laden der Seite.',
      'Nicht von der Regel erfasst: das Verlassen der Seite über einen Link oder eine neue Adresse, das Nachschlagen eines Namens vor einem Besuch (DNS-Prefetch) und WebRTC, das die Seite für sich abschaltet.',
      'Kopien für Besuche ohne Verbindung prüft der Browser selbst auf Neuerungen. Diese Anfrage enthält nichts über Ihre Bilder.',
      'Das erste Bild in AVIF, HEIC, JPEG XL, TIFF oder BMP braucht einen Decoder von dieser Website. Ihn holt das Programm, das die Kopien für Besuche ohne Verbindung aufbewahrt: Die Website erfährt, dass ein solches Bild geöffnet wurde, und sonst nichts. Ebenso holt es die Programme, die einen Ordner messen und eine Signatur prüfen.',
      'Das Anlernen braucht eine Datei dieser Website, die auf demselben Weg geladen wird: Die Website erfährt, dass angelernt wird, und sonst nichts.',
    ],
    test: 'Ausprobieren',
    testing: 'Die Seite versucht jetzt, ihren eigenen Server zu erreichen …',
    testRefused: 'Vom Browser abgelehnt. Nichts wurde gesendet.',
    testReached: 'Der Server wurde erreicht: Das Netz ist nicht gesperrt.',
    testFailed:
      'Der Server wurde nicht erreicht, aber nicht wegen der Sperre: Es scheint keine Verbindung zu geben.',
    unlock: 'Entsperren …',
    unlockNote:
      'Zum Entsperren wird die Seite neu geladen, ohne die Ergebnisse, die jetzt auf ihr stehen.',
    relock: 'Jetzt sperren',
  },

  intake: {
    drop: 'Bilder oder Ordner irgendwo auf dieser Seite ablegen',
    paste: 'oder eines aus der Zwischenablage einfügen',
    files: 'Bilder auswählen',
    folder: 'Ordner auswählen',
    address: 'Von einer Adresse',
    noImages: 'Darin ist kein Bild.',
    passed: {
      summary: (n) =>
        l.plural(n, { one: 'Eine Datei wurde übergangen', other: '{n} Dateien wurden übergangen' }),
      other: (n) => `Dem Namen nach keine Bilder: ${l.number(n)}`,
      hidden: (n) => `Versteckt: ${l.number(n)}`,
      system: (n) => `Vorschaubilder und Einstellungen von Systemen: ${l.number(n)}`,
      unreadable: (n) => `Nicht zu öffnen: ${l.number(n)}`,
    },
    addressLabel: 'Adresse eines Bildes',
    addressNote:
      'Die Anfrage geht von Ihrem Gerät an jene Website, ohne Cookies. Die meisten erlauben anderen Seiten nicht, ihre Bilder zu lesen (CORS): Speichern Sie das Bild dann und legen Sie die Datei hier ab.',
    addressLocked:
      'Das Netz ist gesperrt, also kann nichts geholt werden. Zum Entsperren wird die Seite neu geladen, ohne die Ergebnisse, die jetzt auf ihr stehen; dann wird das Bild geholt.',
    fetch: 'Holen',
    unlockAndFetch: 'Entsperren und holen',
    fromAddress: 'Bild von einer Adresse',
    refused: {
      address: 'Das ist keine Adresse. Sie beginnt mit https:// oder http://.',
      scheme: 'Geholt werden nur Adressen, die mit https://, http:// oder data: beginnen.',
      credentials:
        'Die Adresse enthält einen Benutzernamen oder ein Passwort. Nehmen Sie beides heraus.',
      unreachable:
        'Das Bild konnte nicht geholt werden. Die Website erlaubt anderen Seiten nicht, es zu lesen (CORS), oder es gibt keine Verbindung. Speichern Sie das Bild und legen Sie die Datei hier ab.',
      slow: 'Die Website hat zu lange gebraucht. Versuchen Sie es später noch einmal.',
      status: (status) => `Die Website hat mit dem Fehler ${String(status)} geantwortet.`,
      empty: 'Die Website hat eine leere Datei gesendet.',
      large: (bytes) => `Die Datei ist größer als ${l.bytes(bytes)}.`,
      cut: 'Die Verbindung brach ab, bevor das ganze Bild da war. Versuchen Sie es noch einmal.',
    },
  },

  batch: {
    heading: 'Ergebnisse',
    list: 'Bilder; wählen Sie eines, um sein Ergebnis zu sehen',
    progress: (done, all) => `${l.number(done)} von ${l.number(all)} fertig`,
    shown: (shown, all) => `${l.number(shown)} von ${l.number(all)} gezeigt`,
    again: (n) => l.plural(n, { one: '{n} wird neu geprüft', other: '{n} werden neu geprüft' }),
    nothing: 'Kein Bild passt dazu.',
    cancel: 'Abbrechen',
    cancelled: 'Abgebrochen',
    checkAgain: 'Doch prüfen',
    clear: 'Alle entfernen',
    waiting: 'Wartet',
    working: 'Wird angesehen',
    flagged: 'Über Ihrer Schwelle',
    flaggedCount: (n) => l.plural(n, { other: '{n} über Ihrer Schwelle' }),
    finished: (n, errors) =>
      l.plural(n, { one: '{n} Bild angesehen', other: '{n} Bilder angesehen' }) +
      (errors === 0
        ? '.'
        : `, ${l.plural(errors, { one: '{n} war nicht lesbar.', other: '{n} waren nicht lesbar.' })}`),
    filter: 'Zeigen',
    search: 'Name enthält',
    sort: 'Ordnen nach',
    filters: {
      all: 'Alle',
      flagged: 'Über Ihrer Schwelle',
      waiting: 'Wartende',
      error: 'Fehler',
      cancelled: 'Abgebrochene',
    },
    sorts: {
      added: 'Reihenfolge',
      probability: 'Wahrscheinlichkeit',
      grade: 'Stufe',
      name: 'Name',
    },
  },

  /** What can be asked of a verdict. */
  examine: {
    stability: 'Hält das Urteil?',
    explain: 'Wohin hat es geschaut?',
    verify: 'Signatur prüfen',
    working: {
      stability: 'Prüft das Bild, wie andere es bekämen…',
      explain: 'Verdeckt einen Teil nach dem anderen…',
      verify: 'Prüft die Signatur…',
    },
    withCost: (question: string, duration: string): string => `${question} Dauert etwa ${duration}`,
  },

  parts: {
    checkEach: (n) =>
      l.plural(n, { one: 'Das Bild darin prüfen', other: 'Jedes der {n} Bilder prüfen' }),
    choose: 'Einen Teil prüfen…',
    heading: 'Welcher Teil soll geprüft werden?',
    help: 'Ziehen Sie über das Bild, um den Teil aufzuziehen, oder verschieben Sie ihn. Mit der Tastatur: Pfeile verschieben, Umschalt und Pfeile ändern die Größe, mit Strg um ein Pixel; Eingabe prüft, Esc verlässt.',
    area: 'Zu prüfender Teil',
    place: (x, y, width, height) =>
      `${l.number(width)} × ${l.number(height)} Pixel, ${l.number(x)} von links, ${l.number(y)} von oben`,
    check: 'Diesen Teil prüfen',
    unseen: 'Dieser Browser kann das Bild nicht zeigen; darum lässt sich kein Teil davon wählen.',
  },

  /** Measuring the model on a folder of one's own. */
  bench: {
    open: 'Am eigenen Ordner messen',
    heading: 'Am eigenen Ordner messen',
    lead: 'Wie gut ist das Modell auf Ihren Bildern? Geben Sie ihm einen Ordner, von dem Sie wissen, was darin KI-erzeugt ist und was nicht. Gemessen wird nur auf diesem Gerät.',
    ways: [
      'Zwei Ordner nebeneinander, benannt nach ihrem Inhalt: ai, fake, generated oder 1; und real, human, photo oder 0.',
      'Oder eine CSV-Datei bei den Bildern, mit den Spalten path und label; eine Spalte origin kann Generatoren und Quellen nennen.',
    ],
    choose: 'Ordner auswählen',
    another: 'Anderen Ordner auswählen',
    start: 'Messen',
    goOn: 'Weiter messen',
    waiting: 'Wartet auf das Modell …',
    sorting: 'Sieht nach, was darin ist …',
    computing: 'Berechnet die Kennzahlen …',
    done: 'Der Bericht ist fertig.',
    noProgram:
      'Das Messprogramm konnte nicht von dieser Website geholt werden. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
    problem(problem) {
      switch (problem.problem) {
        case 'no-labels':
          return 'Nichts sagt, welche Bilder KI-erzeugt sind. Legen Sie sie in zwei Ordner nebeneinander, etwa ai und real, oder eine CSV-Datei mit den Spalten path und label dazu.';
        case 'one-class':
          return problem.generated
            ? 'Alle diese Bilder sind KI-erzeugt. Zum Vergleich braucht es auch andere.'
            : 'Keines dieser Bilder ist KI-erzeugt. Zum Vergleich braucht es auch solche.';
        case 'several-tables':
          return `Mehrere CSV-Dateien nennen Bilder und Klassen. Behalten Sie eine davon: ${problem.tables.map((table) => l.isolate(table)).join(', ')}.`;
        case 'table':
          return `Die CSV-Datei ${l.isolate(problem.table)} ist nicht lesbar: ${l.isolate(problem.message)}.`;
      }
    },
    found: {
      heading: 'Das wurde gefunden',
      byFolders: (generated, real) =>
        `KI-erzeugt: der Ordner ${l.isolate(generated)}. Nicht: der Ordner ${l.isolate(real)}.`,
      byTable: (table) => `Wie die Tabelle ${l.isolate(table)} sagt.`,
      generated: (n) => `KI-erzeugt: ${l.number(n)}`,
      real: (n) => `Nicht KI-erzeugt: ${l.number(n)}`,
    },
    leftOut: {
      unlabelled: (n) => `Ohne Angabe, ausgelassen: ${l.number(n)}`,
      missing: (n) =>
        `In der Tabelle, aber nicht im Ordner, oder nicht das einzige dieses Namens: ${l.number(n)}`,
      'unknown-label': (n) => `Mit einer Angabe, die keines von beiden heißt: ${l.number(n)}`,
      repeated: (n) => `Mehrmals in der Tabelle: ${l.number(n)}`,
    },
    saveRows: 'Zeilen als CSV sichern',
    saveJson: 'Bericht als JSON sichern',
    saveHtml: 'Bericht als Seite sichern',
    report: {
      title: 'Wie gut clipsight auf einem Ordner von Bildern ist',
      heading: 'Kennzahlen',
      counts: (generated, real) =>
        `Beurteilt: ${l.number(generated)} KI-erzeugt, ${l.number(real)} nicht.`,
      columns: ['Maß', 'Wert', '95-%-Intervall'],
      measures: {
        auc: 'AUC',
        balancedAccuracy: 'Ausgewogene Genauigkeit',
        recall: 'Trefferquote: gefundene KI-Bilder',
        falseAlarms: 'Fehlalarme: andere, die KI-erzeugt genannt wurden',
        ungradedGenerated: 'Ohne Grad, KI-erzeugt',
        ungradedReal: 'Ohne Grad, andere',
      },
      range: (low, high) => `${low} bis ${high}`,
      withRange: (rate, low, high) => `${rate} (${low} bis ${high})`,
      threshold: (threshold) =>
        `KI-erzeugt heißt: eine Wahrscheinlichkeit von ${threshold} oder mehr, die Schwelle des Modells.`,
      intervals: {
        images:
          'Intervalle von AUC und ausgewogener Genauigkeit: Bootstrap über Bilder, oder über Herkünfte, wo es mehrere gibt; die anderen: Clopper-Pearson.',
        origins:
          'Intervalle von AUC und ausgewogener Genauigkeit: Bootstrap über Generatoren und Quellen; die anderen: Clopper-Pearson.',
      },
      noInterval:
        'Ein Strich: Es sind zu wenige Bilder, oder jede Ziehung ergab dasselbe, was nicht sagt, wie weit der Wert danebenliegt.',
      few: (n) =>
        `Von einer Art sind es weniger als ${l.number(n)} Bilder. Was Sie hier sehen, kann Zufall sein.`,
      repeated: (n) =>
        l.plural(n, {
          one: 'Ein Bild ist Byte für Byte ein anderes noch einmal. Es zählt doppelt.',
          other: '{n} Bilder sind Byte für Byte andere noch einmal. Sie zählen mehrfach.',
        }),
      roc: {
        heading: 'Alle Schwellen',
        label: 'ROC-Kurve: Trefferquote über der Rate der Fehlalarme',
        found: 'Trefferquote',
        falseAlarms: 'Fehlalarme',
        caption:
          'ROC-Kurve. Der Punkt ist die Schwelle des Modells, die gestrichelte Linie der Zufall.',
      },
      confounds: {
        heading: 'Verraten es schon Größe und Format?',
        warning: (auc) =>
          `Schon Größe und Format unterscheiden diese beiden Ordner: AUC ${auc}. Die Kennzahlen messen womöglich das und nicht die Bilder.`,
        passed: 'Kaum: Wie die Dateien gespeichert sind, unterscheidet die beiden nicht.',
        few: (least, n) =>
          `Dafür braucht es ${l.number(least)} Bilder jeder Art; von der selteneren sind es ${l.number(n)}.`,
        columns: ['Was von der Datei gesehen wird', 'AUC', '95-%-Intervall'],
        stored: 'Breite, Höhe, Format, JPEG-Qualität',
        withLength: 'Dasselbe und ihre Länge',
        note: 'Ein Klassifikator, der kein Pixel sieht, wird auf vier Fünftel der Bilder angepasst und beurteilt den Rest, reihum. AUC 0,5 ist Zufall; über 0,6 wird gewarnt.',
      },
      points: {
        heading: 'Schwellen nach Fehlalarmen',
        columns: ['Höchstens', 'Schwelle', 'Fehlalarme', 'Gefunden'],
        few: 'Es sind zu wenige Bilder, die nicht KI-erzeugt sind: Auf die Hälfte von ihnen muss mindestens ein Fehlalarm kommen dürfen.',
        note: 'Auf allen Bildern gewählt. Die Raten sind die von Schwellen, die auf einer Hälfte gewählt und auf der anderen gemessen wurden.',
      },
      grades: {
        heading: 'Was jeder Grad wert ist',
        columns: ['Grad', 'KI-erzeugt', 'Nicht', 'Falsch', '95-%-Intervall'],
        note: 'Falsch: bei wenig Anzeichen für KI der Anteil, der KI-erzeugt ist, bei den anderen der Anteil, der es nicht ist. Beide Arten zählen gleich viel.',
      },
      mistakes: {
        heading: 'Am weitesten daneben',
        note: 'Die Wahrscheinlichkeit ist die des Modells für KI. Prüfen Sie, ob diese Bilder im richtigen Ordner liegen.',
      },
      classes: { generated: 'Ist KI-erzeugt', real: 'Ist es nicht' },
      unjudged: {
        heading: 'Nicht zu beurteilen',
        note: (n) =>
          l.plural(n, {
            one: 'Ein Bild ist in keiner Kennzahl.',
            other: '{n} Bilder sind in keiner Kennzahl.',
          }),
      },
      facts: {
        heading: 'Was gemessen wurde',
        limits:
          'Diese Kennzahlen gelten für dieses Modell und diese Bilder. Andere Generatoren, Kameras, Größen und Bearbeitungen können andere ergeben.',
        list: 'Liste der Bilder, SHA-256',
        sides: 'Kürzere Seiten',
        pixels: (least, median, most) =>
          `${l.number(least)} bis ${l.number(most)} px, Median ${l.number(median)}`,
      },
    },
  },

  export: {
    menu: 'Ergebnisse sichern',
    json: 'JSON',
    csv: 'CSV, für Tabellen',
    report: 'Bericht, zum Drucken',
    reportTitle: 'Bericht über KI-erzeugte Bilder',
    made: (date) => `Erstellt ${date}`,
    columns: {
      image: 'Bild',
      result: 'Ergebnis',
      probability: 'Wahrscheinlichkeit',
      error: 'Gemessener Fehler',
      sha256: 'SHA-256 der Datei',
    },
    back: 'Bericht schließen',
    print: 'Drucken',
    caution:
      'Eine Stufe ist ein Hinweis, kein Beweis. Wenige Anzeichen von KI beweisen keine Kamera.',
    range: (rate, low, high) => `${l.percent(rate)} (${l.percent(low)} bis ${l.percent(high)})`,
    receipt: {
      json: 'Beleg zu diesem Bild (JSON)',
      print: 'Beleg zu diesem Bild, zum Drucken',
      title: 'Beleg einer Bildanalyse',
      back: 'Beleg schließen',
      facts: {
        sha256: 'SHA-256 des Belegs',
        time: 'Erstellt',
        version: 'Version von clipsight',
        file: 'SHA-256 der Bilddatei',
        verdict: 'Ergebnis',
        viewLogits: 'Logit jedes Ausschnitts',
        viewsSha256: 'SHA-256 dessen, was das Modell gesehen hat',
        threshold: 'Schwelle',
      },
      check: 'So lässt er sich prüfen',
      checkNote:
        'Sichern Sie den Beleg als JSON und bewahren Sie die Bilddatei auf. Auf jedem Rechner sagt das Kommandozeilenprogramm von clipsight, ob der Beleg unverändert ist, und analysiert das Bild noch einmal, um zu sehen, ob es dasselbe findet:',
      noSignature:
        'Die Prüfsumme im Beleg deckt versehentliche Änderungen auf. Sie ist keine Unterschrift: Wer den Beleg erstellt hat und wann, sagt sie nicht.',
      text: 'Der Beleg selbst',
    },
  },

  standard: {
    offer: (bytes) =>
      `Es gibt ein stärkeres Modell. Es wird einmal von dieser Website geladen (${l.bytes(bytes)}); Ihre Bilder bleiben weiterhin auf diesem Gerät.`,
    beside: (bytes) =>
      `Mit dem kompakten Modell geprüft. Es gibt ein stärkeres (${l.bytes(bytes)}, einmal zu laden).`,
    privacy:
      'Es wird einmal von dieser Website geladen. Ihre Bilder werden weiterhin nur auf diesem Gerät gelesen, bei gesperrtem Netz.',
    use: 'Stärkeres Modell verwenden',
    reload: 'Die Seite wird neu geladen, ohne die Ergebnisse, die jetzt auf ihr stehen.',
    metered: (bytes) =>
      `Sie haben das stärkere Modell gewählt. Um diese Verbindung zu schonen, wurde es nicht geladen (${l.bytes(bytes)}). Das kompakte Modell antwortet.`,
    stopped: (bytes) =>
      `Das Laden des stärkeren Modells (${l.bytes(bytes)}) wurde abgebrochen. Das kompakte Modell antwortet.`,
    download: 'Jetzt laden',
    fetching:
      'Das stärkere Modell wird geladen, nur dieses eine Mal. Bilder, die Sie inzwischen hinzufügen, warten darauf.',
    stop: 'Mit dem kompakten Modell weitermachen',
    preparing:
      'Das kompakte Modell antwortet, bis das stärkere bereit ist. Seine Ergebnisse werden dann neu geprüft.',
    ready: 'Das stärkere Modell antwortet.',
    again: 'Mit dem kompakten Modell geprüft; das stärkere prüft das Bild noch einmal.',
    failed: {
      fetch: 'Das stärkere Modell konnte nicht geladen werden. Das kompakte Modell antwortet.',
      memory:
        'Dieses Gerät hat zu wenig Speicher für das stärkere Modell. Das kompakte Modell antwortet.',
      other: 'Das stärkere Modell läuft auf diesem Gerät nicht. Das kompakte Modell antwortet.',
    },
    retry: 'Noch einmal versuchen',
    stay: 'Beim kompakten Modell bleiben',
  },

  teach: {
    legend: 'Anlernen',
    note: 'Zeigen Sie dem Modell zehn oder mehr Bilder eines Generators, den es übersieht, oder einer Kamera oder Sammlung, die es verdächtigt. Es lernt auf diesem Gerät daraus; nichts wird hochgeladen.',
    open: 'Mit eigenen Bildern anlernen …',
    heading: 'Mit diesen Bildern anlernen',
    name: 'Name, etwa des Generators oder der Kamera',
    unnamed: 'Angelernter Kopf',
    label: 'Alle diese Bilder sind',
    labels: { ai: 'KI-generiert', real: 'Nicht KI-generiert' },
    chosen: (n) => l.plural(n, { one: '{n} Bild ausgewählt.', other: '{n} Bilder ausgewählt.' }),
    alike: (n) =>
      l.plural(n, {
        one: '{n} Bild gleicht einem anderen fast völlig und zählte nicht.',
        other: '{n} Bilder gleichen anderen fast völlig und zählten nicht.',
      }),
    skipped: (n) =>
      l.plural(n, {
        one: '{n} Bild war nicht lesbar oder zeigt zu wenig und blieb außen vor.',
        other: '{n} Bilder waren nicht lesbar oder zeigen zu wenig und blieben außen vor.',
      }),
    tooFew: (least) =>
      `Wählen Sie mindestens ${l.number(least)}; aus dreißig oder mehr lernt es besser.`,
    start: 'Anlernen',
    working: 'Die Bilder werden gelesen, dann wird gelernt und geprüft …',
    learned: 'Was es gelernt hat',
    heldOut: 'Ihre Bilder, jedes beurteilt, ohne daraus gelernt zu haben',
    check: 'Die Prüfbilder des Modells, die nicht beteiligt waren',
    summary: (name, examples) =>
      `${l.isolate(name)}, angelernt mit ${l.plural(examples, { one: '{n} Bild', other: '{n} Bildern' })}.`,
    judges: (name, examples) =>
      `Es urteilt der angelernte Kopf ${l.isolate(name)} (${l.plural(examples, { one: '{n} Bild', other: '{n} Bilder' })}).`,
    change: (before, after, images) =>
      `${l.number(after)} von ${l.number(images)} richtig beurteilt, vorher ${l.number(before)}`,
    forgets:
      'Es vergisst mehr, als es sollte: Bei den Prüfbildern verliert es über einen von hundert Punkten. Verwerfen Sie es, oder lernen Sie es mit vielfältigeren Bildern an.',
    keep: 'Verwenden',
    discard: 'Verwerfen',
    undo: 'Wieder den eigenen des Modells verwenden',
    save: 'Als Datei speichern',
    load: 'Gespeicherten öffnen …',
    again: 'Vor der Änderung beurteilt; es wird noch einmal geprüft.',
    otherModel:
      'Diese Datei wurde an einem anderen Modell angelernt. Wählen Sie jenes Modell, oder lernen Sie dieses an.',
    noHead: 'Diese Datei ist kein angelernter Kopf, oder sie wurde verändert.',
    notThis: 'Das Modell, das jetzt antwortet, lässt sich nicht anlernen. Wählen Sie das kompakte.',
    failed: 'Das Anlernen ist nicht gelungen.',
    noReferences:
      'Eine Datei, die das Anlernen braucht, ließ sich nicht laden. Prüfen Sie die Verbindung und versuchen Sie es erneut.',
  },

  settings: {
    open: 'Einstellungen',
    heading: 'Einstellungen',
    close: 'Schließen',
    apply: 'Übernehmen und neu laden',
    reloadNote:
      'Modell und Gerät gelten, wenn die Seite neu geladen ist. Die Ergebnisse, die jetzt auf ihr stehen, sind dann weg.',
    model: 'Modell',
    modelCompact: 'Kompakt, kommt mit der Seite',
    modelStandard: (bytes) => `Standard: stärker (${l.bytes(bytes)})`,
    modelOther: 'Ein anderes, über die Adresse seiner model.json',
    modelAddress: 'Adresse der model.json',
    modelBad: 'Das ist keine Adresse eines Modells: Sie beginnt mit https:// und endet mit .json.',
    device: 'Läuft auf',
    devices: { auto: 'Was zu diesem Gerät passt', webgpu: 'GPU, über WebGPU', cpu: 'CPU' },
    views: 'Ausschnitte jedes Bildes',
    viewsOptions: {
      model: 'Wie das Modell es vorsieht',
      1: 'Nur einer: schneller',
      5: 'Alle fünf: langsamer',
    },
    viewsNote: 'Für Bilder, die von jetzt an dazukommen.',
    look: 'Seite',
    language: 'Sprache',
    theme: 'Aussehen',
    automatic: 'Wie im Browser',
    themes: { light: 'Hell', dark: 'Dunkel' },
    history: 'Verlauf auf diesem Gerät führen',
  },

  budget: {
    heading: 'Fehlalarme',
    note: 'Wie viele Bilder, die nicht KI-erzeugt sind, dürfen markiert werden? Je weniger, desto mehr erzeugte bleiben unmarkiert.',
    label: 'Höchstens',
    none: 'Nichts markieren',
    option: (rate) => `${l.percent(rate)} der nicht erzeugten Bilder`,
    threshold: (threshold) =>
      `Markiert wird ab einer Wahrscheinlichkeit von ${l.number(threshold * 100, 1)} %.`,
    measured: ({ rate, low, high, n }, found) =>
      `Gemessen an Bildern, nach denen nicht ausgewählt wurde: Von ${l.number(n)} nicht erzeugten wurden ${l.percent(rate)} markiert ` +
      `(${l.percent(low)} bis ${l.percent(high)}), von ${l.number(found.n)} erzeugten ${l.percent(found.rate)} ` +
      `(${l.percent(found.low)} bis ${l.percent(found.high)}).`,
    baseRate: 'Wie viele Ihrer Bilder sind erzeugt?',
    effect: (share, right) =>
      `Sind ${l.percent(share)} Ihrer Bilder erzeugt, dann sind es von ${l.number(100)} markierten etwa ` +
      `${l.number(Math.round(right * 100))}.`,
    unknown: 'Für dieses Modell wurde nichts dergleichen gemessen.',
    views: 'Gemessen mit so vielen Ausschnitten, wie das Modell es vorsieht.',
  },

  history: {
    open: 'Verlauf',
    heading: 'Verlauf',
    note: 'Namen und Ergebnisse, ohne die Bilder; nur in diesem Browser auf diesem Gerät.',
    empty: 'Noch nichts.',
    off: 'Aus. Einschalten lässt er sich in den Einstellungen.',
    wipe: 'Löschen',
    wiped: 'Der Verlauf ist gelöscht.',
    refused: 'Dieser Browser gibt der Seite keinen Speicher, also gibt es keinen Verlauf.',
    count: (n) => l.plural(n, { one: '{n} Ergebnis', other: '{n} Ergebnisse' }),
    newest: (n) => `Gezeigt werden die neuesten ${l.number(n)}.`,
  },

  offline: {
    ready: 'Läuft von jetzt an auch ohne Verbindung.',
    update: 'Eine neue Version dieser Seite ist da.',
    reload: 'Laden',
  },
});
