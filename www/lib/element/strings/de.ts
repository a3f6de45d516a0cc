import type { Locale } from '../i18n.js';
import type { Strings } from './en.js';

export const de = (l: Locale): Strings => {
  const hundredths = (rate: number): string => l.number(Math.round(rate * 100));
  const hundred = l.number(100);
  const about = (rate: number): string => {
    const count = Math.round(rate * 100);
    if (count === 0) return 'ist weniger als 1';
    return l.plural(count, { one: 'ist etwa {n}', other: 'sind etwa {n}' });
  };
  return {
    grade: {
      weak: 'Kaum Anzeichen für KI',
      moderate: 'Einige Anzeichen für KI',
      strong: 'Starke Anzeichen für KI',
      'very-strong': 'Sehr starke Anzeichen für KI',
    },
    meter: (level) => `Stärke der Anzeichen: ${l.number(level)} von ${l.number(4)}`,
    gradeNote: {
      weak: 'Das Modell hat wenig gefunden, was für einen Bildgenerator spricht. Ein Beweis für eine Kamera ist das nicht.',
      moderate:
        'Manches von dem, worauf das Modell achtet, spricht für einen Bildgenerator. Suchen Sie nach weiteren Hinweisen.',
      strong: 'Vieles von dem, worauf das Modell achtet, spricht für einen Bildgenerator.',
      'very-strong': 'Fast alles, worauf das Modell achtet, spricht für einen Bildgenerator.',
    },
    probability: (probability) =>
      `KI-Wahrscheinlichkeit: ${l.boundedPercent(
        probability,
        (bound) => `über ${bound}`,
        (bound) => `unter ${bound}`,
      )}`,
    measuredError: {
      sentence: (grade, { rate }) =>
        grade === 'weak'
          ? `Von ${hundred} solchen Ergebnissen ${about(rate)} trotzdem KI-erzeugt.`
          : `Von ${hundred} solchen Ergebnissen ${about(rate)} nicht KI-erzeugt.`,
      basis: ({ low, high, n }) =>
        `Gemessen an ${l.plural(n, { one: '{n} Testbild', other: '{n} Testbildern' })}; ` +
        `${l.percent(0.95)}-Intervall: ${hundredths(low)} bis ${hundredths(high)} von ${hundred}.`,
      unknown: 'Zu wenige Testbilder hatten dieses Ergebnis, um zu sagen, wie oft es falsch ist.',
    },

    taught: {
      term: 'Angelernter Kopf',
      note: (name, examples) =>
        `Beurteilt vom angelernten Kopf ${l.isolate(name)} (${l.plural(examples, { one: '{n} Beispiel', other: '{n} Beispiele' })}), nicht vom eigenen des Modells.`,
      unmeasured: 'Wie oft ein angelernter Kopf irrt, wurde nicht gemessen.',
    },
    abstained: {
      headline: 'Nicht zu entscheiden',
      ungraded: 'Ohne Stufe',
      reason: {
        'between-grades':
          'Die Anzeichen weisen in keine Richtung: Hier irrt das Modell etwa so oft, wie es recht hat.',
        uncalibrated:
          'Das behauptet das Modell selbst. Niemand hat gemessen, wie oft es irrt, darum gibt es keine Stufe.',
        'too-small': 'Das Bild hat zu wenige Pixel. Versuchen Sie es mit einer größeren Fassung.',
        'no-content':
          'In diesem Bild gibt es fast nichts zu beurteilen: eine Farbe, ein Verlauf oder eine Unschärfe.',
        unsteady:
          'Das Urteil kippt, wenn das Bild weitergegeben wird: gespeichert, halbiert, beschnitten oder ohne Farben. Deshalb gibt es keines.',
      },
    },

    stability: {
      title: 'Hält das Urteil?',
      steady: 'Ja: So, wie andere das Bild bekämen, liegt kein Urteil auf der anderen Seite.',
      unsteady:
        'Unbeständig: Weitergegeben bekommt das Bild das gegenteilige Urteil. Verlassen Sie sich auf keines von beiden.',
      withoutGrade: 'Es gibt kein Urteil, das kippen könnte; das sagt das Modell zu jeder Fassung.',
      original: 'So, wie es ist',
      delivery: {
        jpeg: 'Als JPEG gespeichert',
        half: 'Halb so groß',
        crop: 'Um ein Zehntel beschnitten',
        gray: 'Ohne Farben',
      },
    },
    map: {
      title: 'Wohin das Modell geschaut hat',
      caption: 'Wohin das Modell geschaut hat, nicht, wo etwas verändert wurde.',
      /** Where the picture is no square. */
      centreOnly: 'Es betrachtet ein Quadrat um die Mitte.',
      strength: 'Stärke der Überlagerung',
      speaksFor: 'Spricht für KI',
      speaksAgainst: 'Spricht gegen KI',
      /** For who cannot see it: where the part is that counts most. */
      description: (column: number, row: number, speaksFor: boolean): string =>
        `Am meisten zählt Teil ${l.number(column)} von links, ${l.number(row)} von oben; er spricht ` +
        (speaksFor ? 'für KI.' : 'gegen KI.'),
      shares: 'Was die Schichten dazu beitragen',
      sharesNote:
        'Anteile am Logit; ihre Summe ist der Unterschied zwischen diesem Bild und demselben, von dem nur die groben Farben übrig sind.',
      layer: (layer: number): string => `Schicht ${l.number(layer)}`,
      pool: {
        class: 'Klassen-Token',
        mean: 'Mittel der Bildteile',
        std: 'Streuung der Bildteile',
        'mlp-input-class': 'Klassen-Token vor dem MLP',
      },
    },

    facts: {
      generator: 'Vermuteter Generator',
      unknown: 'Unbekannt',
      family: {
        diffusion: 'Ein unbekanntes Diffusionsmodell',
        gan: 'Ein unbekanntes GAN (Generative Adversarial Network)',
        autoregressive: 'Ein unbekanntes autoregressives Modell',
      },
      familyNamed: (name) => `Unbekannt, aus der Familie ${l.isolate(name)}`,
      generatorNote:
        'Geraten unter den Generatoren, die das Modell gelernt hat, falls das Bild überhaupt erzeugt ist.',
      quality: 'Technische Qualität',
      qualityOf: (quality) => `${hundredths(quality)} von ${hundred}`,
      image: 'Bild',
      size: (width, height) => `${l.number(width)} × ${l.number(height)}`,
      part: 'Geprüfter Teil',
      partOf: (x, y, width, height) =>
        `${l.number(width)} × ${l.number(height)}, ${l.number(x)} von links, ${l.number(y)} von oben`,
      ran: 'Berechnet',
      ranOn: { webgpu: 'Auf der GPU dieses Geräts', cpu: 'Auf der CPU dieses Geräts' },
      separator: ', ',
      source: 'Quelle',
      fidelity: {
        'original-bytes': 'Die Bytes der Datei selbst',
        're-encoded': 'Aus den Pixeln neu kodiert',
        'screen-capture': 'Eine Bildschirmaufnahme',
      },
    },
    pictures: (n) =>
      l.plural(n, {
        one: 'Das sieht nach einem Bildschirmfoto mit einem Bild darin aus. Das Urteil gilt dem Ganzen: Prüfen Sie das Bild für sich.',
        other:
          'Das sieht nach einem Bildschirmfoto oder einer Collage mit {n} Bildern aus. Das Urteil gilt dem Ganzen: Prüfen Sie jedes für sich.',
      }),
    fidelityNote: {
      're-encoded':
        'Beurteilt nach neu kodierten Pixeln: Ein Teil dessen, worauf das Modell achtet, ist dabei verloren gegangen.',
      'screen-capture':
        'Beurteilt nach einer Bildschirmaufnahme: Vieles von dem, worauf das Modell achtet, ist dabei verloren gegangen. Versuchen Sie es mit der Originaldatei.',
    },
    notes: {
      'first-frame-only': 'Animiert: Nur das erste Einzelbild wurde betrachtet.',
      'first-page-only': 'Mehrere Seiten: Nur die erste wurde betrachtet.',
      'alpha-over-white': 'Teilweise durchsichtig: auf Weiß gelegt.',
      'sixteen-bit-reduced': '16 Bit je Farbe: auf 8 gerundet.',
      'cmyk-converted': 'Für den Druck gemacht (CMYK): Die Farben wurden grob umgerechnet.',
      'profile-converted': 'Die Farben wurden in sRGB umgerechnet.',
      'hdr-tone-mapped':
        'Hoher Dynamikumfang: Die Helligkeit wurde auf die eines gewöhnlichen Bildschirms abgebildet.',
      'gain-map-ignored': 'Die Karte für hellere Bildschirme wurde weggelassen.',
      'reduced-copy-skipped':
        'Am Anfang der Datei steht eine verkleinerte Kopie: Betrachtet wurde das ganze Bild dahinter.',
      'end-missing': 'Das Ende der Datei fehlt oder ist beschädigt, aber alle Pixel sind da.',
      'scans-missing': 'Die Datei ist unvollständig: Feine Einzelheiten fehlen.',
    },

    provenance: {
      summary: 'Was die Datei über sich sagt',
      unchecked:
        'Das hat niemand geprüft: Solche Angaben kann jeder in eine Datei schreiben, und die meisten Websites entfernen sie. Sie ändern das Ergebnis nicht.',
      contradictory:
        'Die Datei widerspricht sich: Sie sagt auch, eine Kamera habe das Bild aufgenommen.',
      says: {
        generated: 'Laut der Datei hat ein generatives Modell das Bild gemacht.',
        'partly-generated':
          'Laut der Datei hat ein generatives Modell einen Teil des Bildes gemacht.',
        'possibly-generated': 'Laut der Datei ist das Bild möglicherweise KI-generiert.',
        'generator-named':
          'Laut der Datei wurde ein generatives Werkzeug benutzt; wofür, sagt sie nicht.',
        composite:
          'Laut der Datei ist das Bild aus mehreren zusammengesetzt, die KI-generiert sein können.',
        'screen-capture': 'Laut der Datei zeigt das Bild einen Bildschirm.',
        captured: 'Laut der Datei hat eine Kamera oder ein Scanner das Bild aufgenommen.',
        created: 'Laut der Datei wurde das Bild mit Software gemacht, ohne generatives Modell.',
        edited: 'Laut der Datei wurde das Bild bearbeitet, ohne generatives Modell.',
      },
      mark: {
        'digital-source-type': 'Quelle des Bildes',
        action: 'Aktion',
        ingredient: 'Bestandteil',
        'aigc-label': 'Kennzeichnung als KI-Inhalt',
        settings: 'Einstellungen eines Generators',
        prompt: 'Prompt',
        'ai-system': 'KI-System',
        software: 'Software',
        camera: 'Kamera',
        credit: 'Bildnachweis',
        'job-id': 'Auftragsnummer des Generators',
        signature: 'Signatur eines Generators',
        'generative-fill': 'Von einem Modell gefüllter Teil',
        'remote-manifest': 'Content Credentials an anderer Stelle',
        screenshot: 'Vermerk des Systems',
      },
      container: {
        'content-credentials': 'Content Credentials',
        xmp: 'XMP',
        exif: 'EXIF',
        iptc: 'IPTC',
        'png-text': 'PNG-Text',
        comment: 'Kommentar',
      },
      credentials: {
        unverified: 'Content Credentials wurden gelesen, ihre Signatur wurde nicht geprüft.',
        trusted:
          'Content Credentials: von einer vertrauenswürdigen Stelle signiert und seither unverändert.',
        'unknown-signer':
          'Content Credentials: seit der Signatur unverändert; wer signiert hat, steht nicht auf der Liste der vertrauenswürdigen Stellen.',
        invalid:
          'Die Content Credentials sind ungültig: Die Datei wurde nach der Signatur verändert.',
      },
      synthId:
        'Googles Generatoren markieren ihre Bilder mit SynthID. Das lässt sich offline nicht prüfen.',
      verified: {
        state: {
          trusted:
            'Die Signatur stimmt: Eine vertrauenswürdige Stelle hat die Datei signiert, und sie ist seither unverändert.',
          valid:
            'Die Signatur stimmt, und die Datei ist seither unverändert; doch wer signiert hat, steht auf keiner Liste vertrauenswürdiger Stellen. So kann jeder signieren.',
          invalid:
            'Die Content Credentials sind ungültig: Meist wurde die Datei nach der Signatur verändert.',
          absent:
            'Die Datei enthält keine Content Credentials, die man prüfen könnte. Das besagt nichts: Sie sind leicht zu entfernen.',
        },
        signer: 'Signiert von',
        issuer: 'Zertifikat ausgestellt von',
        time: 'Signiert am',
        list: 'Auf der Liste',
        means:
          'Eine Signatur zeigt, wer für eine Aussage einsteht, nicht, dass sie wahr ist. Sie ändert das Urteil nicht.',
      },
      unread: (container, why) => `${container}: nicht gelesen, ${why}.`,
      why: {
        damaged: 'beschädigt oder abgeschnitten',
        compressed: 'so komprimiert, dass es hier nicht gelesen wird',
        'too-large': 'zu groß',
        repeated: 'doppelt vorhanden',
      },
    },

    details: {
      summary: 'Einzelheiten',
      probability: 'KI-Wahrscheinlichkeit',
      logit: 'Logit',
      views: 'Bewertete Ausschnitte',
      decode: 'Dekodieren',
      encode: 'Enkodieren',
      bytes: 'Dateigröße in Byte',
      sha256: 'SHA-256',
      model: 'Modell',
      weights: 'Gewichte, SHA-256',
      calibration: 'Kalibrierung',
      adapter: 'GPU',
      selfTest: 'Selbsttest',
      selfTestResult: { passed: 'Bestanden', 'fell-back': 'WebGPU fiel durch, die CPU bestand' },
    },

    caveats: {
      summary: 'Was das Ergebnis sagen kann und was nicht',
      points: [
        {
          title: 'Es gibt Anzeichen, keine Beweise',
          text: 'Ein Bildmodell vergleicht das Bild mit dem, was es an Tausenden erzeugten und mit Kameras aufgenommenen Bildern gelernt hat. Es meldet, wie stark das Bild den erzeugten gleicht und wie oft eine solche Meldung falsch war.',
        },
        {
          title: 'Kaum Anzeichen beweist nichts',
          text: 'Neue Generatoren, starke Bearbeitung, Bildschirmfotos und wiederholte Kompression können jede Spur verwischen. Ein Bild kann auch ganz ohne KI täuschen: durch Bildunterschrift, Ausschnitt oder Datum.',
        },
        {
          title: 'Kleine Änderungen sind nicht seine Stärke',
          text: 'Es beurteilt das Bild als Ganzes. Ein ausgetauschtes Gesicht oder ein eingefügter Gegenstand in einem sonst unberührten Foto kann unbemerkt bleiben.',
        },
        {
          title: 'Technische Qualität ist etwas anderes',
          text: 'Unschärfe, Rauschen, Kompression und Vergrößerung, wie das Modell sie sieht. Sie ist keine Schönheit, kein Anzeichen für KI und ändert nichts am Ergebnis.',
        },
        {
          title: 'Niemanden allein damit beschuldigen',
          text: 'Unter vielen ehrlichen Bildern trifft selbst ein seltener Fehler jemanden. Fragen Sie, woher das Bild kommt, suchen Sie das Original, vergleichen Sie mit anderen Berichten.',
        },
      ],
    },

    error: {
      headline: {
        decode: 'Kein lesbares Bild',
        unsupported: 'Art von Bild nicht unterstützt',
        limit: 'Bild zu groß',
        network: 'Konnte nicht geladen werden',
        aborted: 'Abgebrochen',
        other: 'Konnte nicht untersucht werden',
      },
      advice: {
        decode:
          'Die Datei ist vielleicht beschädigt, abgeschnitten oder trägt nur den Namen eines Bildes. Versuchen Sie es mit der Originaldatei.',
        unsupported:
          'Speichern Sie es als JPEG, PNG, WebP, GIF, BMP oder TIFF und versuchen Sie es noch einmal.',
        limit: 'Speichern Sie eine kleinere Fassung und versuchen Sie es noch einmal.',
        'weights-corrupt':
          'Laden Sie die Seite ohne Zwischenspeicher neu oder versuchen Sie es später noch einmal.',
        network: 'Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
        'no-gpu': 'Wählen Sie stattdessen die CPU.',
        'device-lost': 'Laden Sie die Seite neu und versuchen Sie es noch einmal.',
        internal:
          'Das ist ein Fehler von uns. Laden Sie die Seite neu; wenn er wieder auftritt, melden Sie ihn bitte mit der Meldung oben.',
        argument: 'Das ist ein Fehler der Seite, nicht des Bildes.',
        aborted:
          'Es wurde nichts berechnet. Prüfen Sie das Bild noch einmal, wenn Sie es wissen wollen.',
      },
    },

    card: {
      remove: (file) => `${l.isolate(file)} entfernen`,
      unnamed: 'Bild',
      queued: 'Wartet, bis es an der Reihe ist',
      loading: 'Wartet auf das Modell',
      working: 'Wird untersucht',
      announce: (file, headline, rest) => `${l.isolate(file)}: ${headline}. ${rest}`,
    },

    status: {
      loading: 'Modell wird geladen',
      fellBackReason: 'Was schiefging',
      core: 'Wird für dieses Gerät vorbereitet …',
      weights: (loaded, total) => `Modell wird geladen: ${l.bytes(loaded)} von ${l.bytes(total)}`,
      selfTest: 'Es wird geprüft, ob dieses Gerät richtig rechnet …',
      fallback: 'WebGPU hat hier versagt. Neuer Anfang auf der CPU …',
      ready: {
        webgpu: 'Bereit, auf der GPU dieses Geräts',
        cpu: 'Bereit, auf der CPU dieses Geräts',
      },
      fellBack:
        'WebGPU hat hier nicht richtig gearbeitet, daher wird die CPU benutzt. Die Ergebnisse sind dieselben, nur langsamer.',
      notStored:
        'Der Browser gibt keinen Platz, um das Modell aufzubewahren. Es läuft aus dem Arbeitsspeicher; beim nächsten Besuch wird es neu geladen.',
      failed: 'Der Detektor konnte nicht gestartet werden.',
      unsuitable:
        'Das Modell ist hier nicht zu gebrauchen. Wählen Sie ein anderes, oder erneuern Sie den Browser.',
      retry: 'Noch einmal versuchen',
    },

    check: {
      label: {
        one: 'Bild auf Anzeichen für KI prüfen',
        many: 'Bilder auf Anzeichen für KI prüfen',
      },
      drop: { one: 'Bild hier ablegen', many: 'Bilder hier ablegen' },
      dropOrPaste: {
        one: 'Bild hier ablegen oder aus der Zwischenablage einfügen',
        many: 'Bilder hier ablegen oder aus der Zwischenablage einfügen',
      },
      choose: { one: 'Bild auswählen', many: 'Bilder auswählen' },
      over: 'Zum Prüfen loslassen',
      formats: (bytes) => `JPEG, PNG, WebP, GIF, BMP oder TIFF, bis ${bytes}`,
      privacy: 'Nichts wird hochgeladen: Bilder werden nur auf diesem Gerät gelesen und beurteilt.',
      noFiles:
        'Das war keine Bilddatei. Speichern Sie das Bild zuerst und legen Sie dann die Datei hier ab.',
      pasteEmpty:
        'Die Zwischenablage enthält kein Bild. Kopieren Sie ein Bild, nicht seine Adresse, und fügen Sie noch einmal ein.',
      pasted: 'Eingefügtes Bild',
      results: 'Ergebnisse',
      clear: 'Leeren',
    },
  };
};
