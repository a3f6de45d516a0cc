import type { Locale } from '../i18n.js';
import type { Strings } from './en.js';

export const es = (l: Locale): Strings => {
  const hundredths = (rate: number): string => l.number(Math.round(rate * 100));
  const hundred = l.number(100);
  const about = (rate: number): string => {
    const count = Math.round(rate * 100);
    if (count === 0) return 'menos de 1';
    return l.plural(count, { other: 'unos {n}', one: 'alrededor de {n}' });
  };
  return {
    grade: {
      weak: 'Pocos indicios de IA',
      moderate: 'Algunos indicios de IA',
      strong: 'Indicios fuertes de IA',
      'very-strong': 'Indicios muy fuertes de IA',
    },
    meter: (level) => `Fuerza de los indicios: ${l.number(level)} de ${l.number(4)}`,
    gradeNote: {
      weak: 'El modelo encontró poco que apunte a un generador. Eso no prueba que haya habido una cámara.',
      moderate: 'Parte de lo que el modelo observa apunta a un generador. Busque otros indicios.',
      strong: 'Mucho de lo que el modelo observa apunta a un generador.',
      'very-strong': 'Casi todo lo que el modelo observa apunta a un generador.',
    },
    probability: (probability) =>
      `Probabilidad de IA: ${l.boundedPercent(
        probability,
        (bound) => `más del ${bound}`,
        (bound) => `menos del ${bound}`,
      )}`,
    measuredError: {
      sentence: (grade, { rate }) =>
        grade === 'weak'
          ? `De ${hundred} resultados como este, ${about(rate)} corresponden pese a todo a imágenes generadas con IA.`
          : `De ${hundred} resultados como este, ${about(rate)} no corresponden a imágenes generadas con IA.`,
      basis: ({ low, high, n }) =>
        `Medido con ${l.plural(n, { one: '{n} imagen de prueba', other: '{n} imágenes de prueba' })}; ` +
        `intervalo del ${l.percent(0.95)}: de ${hundredths(low)} a ${hundredths(high)} de ${hundred}.`,
      unknown:
        'Muy pocas imágenes de prueba dieron este resultado para decir con qué frecuencia es erróneo.',
    },

    taught: {
      term: 'Cabeza entrenada',
      note: (name, examples) =>
        `Juzgada por la cabeza entrenada ${l.isolate(name)} (${l.plural(examples, { one: '{n} ejemplo', other: '{n} ejemplos' })}), no por la propia del modelo.`,
      unmeasured: 'No se ha medido con qué frecuencia se equivoca una cabeza entrenada.',
    },
    abstained: {
      headline: 'No se puede saber',
      ungraded: 'Sin grado',
      reason: {
        'between-grades':
          'Los indicios no apuntan a ningún lado: aquí el modelo se equivoca casi tanto como acierta.',
        uncalibrated:
          'Es lo que afirma el propio modelo. Nadie ha medido con qué frecuencia se equivoca, por eso no hay grado.',
        'too-small': 'La imagen tiene muy pocos píxeles. Pruebe con una versión más grande.',
        'no-content':
          'En esta imagen no hay casi nada que juzgar: un color, un degradado o un desenfoque.',
        unsteady:
          'El resultado cambia al reenviar la imagen: guardada, reducida a la mitad, recortada o sin colores. Por eso no se da ninguno.',
      },
    },

    stability: {
      title: '¿Se mantiene el resultado?',
      steady: 'Sí: tal como la recibirían otras personas, ningún resultado queda al otro lado.',
      unsteady:
        'Inestable: al reenviarla, la imagen recibe el resultado contrario. No se fíe de ninguno de los dos.',
      withoutGrade:
        'No hay ningún resultado que pueda cambiar; esto dice el modelo de cada versión.',
      original: 'Tal como está',
      delivery: {
        jpeg: 'Guardada como JPEG',
        half: 'A la mitad de tamaño',
        crop: 'Recortada una décima parte',
        gray: 'Sin colores',
      },
    },
    map: {
      title: 'Dónde miró el modelo',
      caption: 'Dónde miró el modelo, no dónde se cambió algo.',
      /** Where the picture is no square. */
      centreOnly: 'Mira un cuadrado alrededor del centro.',
      strength: 'Intensidad de la superposición',
      speaksFor: 'A favor de IA',
      speaksAgainst: 'En contra de IA',
      /** For who cannot see it: where the part is that counts most. */
      description: (column: number, row: number, speaksFor: boolean): string =>
        `Lo que más cuenta es la parte ${l.number(column)} desde la izquierda y ${l.number(row)} desde arriba; habla ` +
        (speaksFor ? 'a favor de IA.' : 'en contra de IA.'),
      shares: 'Qué aportan las capas',
      sharesNote:
        'Partes del logit; su suma es la diferencia entre esta imagen y la misma con solo sus colores generales.',
      layer: (layer: number): string => `Capa ${l.number(layer)}`,
      pool: {
        class: 'Token de clase',
        mean: 'Media de los parches',
        std: 'Dispersión de los parches',
        'mlp-input-class': 'Token de clase antes del MLP',
      },
    },

    facts: {
      generator: 'Generador probable',
      unknown: 'Desconocido',
      family: {
        diffusion: 'Un modelo de difusión desconocido',
        gan: 'Una red generativa antagónica (GAN) desconocida',
        autoregressive: 'Un modelo autorregresivo desconocido',
      },
      familyNamed: (name) => `Desconocido, de la familia ${l.isolate(name)}`,
      generatorNote:
        'Una conjetura entre los generadores que el modelo ha aprendido, si es que la imagen fue generada.',
      quality: 'Calidad técnica',
      qualityOf: (quality) => `${hundredths(quality)} de ${hundred}`,
      image: 'Imagen',
      size: (width, height) => `${l.number(width)} × ${l.number(height)}`,
      part: 'Parte examinada',
      partOf: (x, y, width, height) =>
        `${l.number(width)} × ${l.number(height)}, a ${l.number(x)} de la izquierda y ${l.number(y)} de arriba`,
      ran: 'Calculado',
      ranOn: { webgpu: 'En la GPU de este dispositivo', cpu: 'En la CPU de este dispositivo' },
      separator: ', ',
      source: 'Procedencia',
      fidelity: {
        'original-bytes': 'Los bytes del propio archivo',
        're-encoded': 'Codificada de nuevo a partir de sus píxeles',
        'screen-capture': 'Una captura de pantalla',
      },
    },
    pictures: (n) =>
      l.plural(n, {
        one: 'Parece una captura de pantalla con una imagen dentro. El veredicto es sobre el conjunto: examine la imagen por separado.',
        other:
          'Parece una captura de pantalla o un collage con {n} imágenes. El veredicto es sobre el conjunto: examine cada una por separado.',
      }),
    fidelityNote: {
      're-encoded':
        'Juzgada a partir de píxeles codificados de nuevo: se ha perdido parte de lo que el modelo observa.',
      'screen-capture':
        'Juzgada a partir de una captura de pantalla: se ha perdido mucho de lo que el modelo observa. Pruebe con el archivo original.',
    },
    notes: {
      'first-frame-only': 'Animada: solo se miró el primer fotograma.',
      'first-page-only': 'Varias páginas: solo se miró la primera.',
      'alpha-over-white': 'Parcialmente transparente: puesta sobre blanco.',
      'sixteen-bit-reduced': '16 bits por color: redondeados a 8.',
      'cmyk-converted':
        'Hecha para imprenta (CMYK): los colores se convirtieron de forma aproximada.',
      'profile-converted': 'Los colores se convirtieron a sRGB.',
      'hdr-tone-mapped': 'Alto rango dinámico: el brillo se adaptó al de una pantalla normal.',
      'gain-map-ignored': 'Se omitió el mapa para pantallas más brillantes.',
      'reduced-copy-skipped':
        'El archivo empieza con una copia reducida: se miró la imagen completa que la sigue.',
      'end-missing': 'Falta el final del archivo o está dañado, pero están todos los píxeles.',
      'scans-missing': 'El archivo está incompleto: faltan los detalles finos.',
    },

    provenance: {
      summary: 'Lo que el archivo dice de sí mismo',
      unchecked:
        'Nadie lo ha comprobado: cualquiera puede escribir esas notas en un archivo, y la mayoría de los sitios las eliminan. No cambian el resultado.',
      contradictory: 'El archivo se contradice: también dice que una cámara captó la imagen.',
      says: {
        generated: 'El archivo dice que un modelo generativo creó la imagen.',
        'partly-generated': 'El archivo dice que un modelo generativo creó una parte de la imagen.',
        'possibly-generated': 'El archivo dice que la imagen puede estar generada por IA.',
        'generator-named':
          'El archivo dice que se usó una herramienta generativa, pero no para qué.',
        composite:
          'El archivo dice que la imagen se compuso de varias, que pueden estar generadas por IA.',
        'screen-capture': 'El archivo dice que la imagen muestra una pantalla.',
        captured: 'El archivo dice que una cámara o un escáner captó la imagen.',
        created: 'El archivo dice que la imagen se hizo con software, sin un modelo generativo.',
        edited: 'El archivo dice que la imagen se editó, sin un modelo generativo.',
      },
      mark: {
        'digital-source-type': 'Origen de la imagen',
        action: 'Acción',
        ingredient: 'Componente',
        'aigc-label': 'Etiqueta de contenido generado por IA',
        settings: 'Ajustes de un generador',
        prompt: 'Instrucción (prompt)',
        'ai-system': 'Sistema de IA',
        software: 'Software',
        camera: 'Cámara',
        credit: 'Línea de crédito',
        'job-id': 'Número de trabajo del generador',
        signature: 'Firma de un generador',
        'generative-fill': 'Parte rellenada por un modelo',
        'remote-manifest': 'Content Credentials en otro lugar',
        screenshot: 'Nota del sistema',
      },
      container: {
        'content-credentials': 'Content Credentials',
        xmp: 'XMP',
        exif: 'EXIF',
        iptc: 'IPTC',
        'png-text': 'Texto PNG',
        comment: 'Comentario',
      },
      credentials: {
        unverified: 'Se leyeron las Content Credentials, pero no se comprobó su firma.',
        trusted:
          'Content Credentials: firmadas por un firmante de confianza y sin cambios desde entonces.',
        'unknown-signer':
          'Content Credentials: sin cambios desde la firma, de un firmante que no está en la lista de confianza.',
        invalid:
          'Las Content Credentials no son válidas: el archivo se modificó después de la firma.',
      },
      synthId:
        'Los generadores de Google marcan sus imágenes con SynthID, que no se puede comprobar sin conexión.',
      verified: {
        state: {
          trusted:
            'La firma es correcta: un firmante de confianza firmó este archivo y no ha cambiado desde entonces.',
          valid:
            'La firma es correcta y el archivo no ha cambiado desde entonces, pero el firmante no figura en ninguna lista de confianza. Así puede firmar cualquiera.',
          invalid:
            'Las Content Credentials no son válidas: lo más habitual es que el archivo se haya modificado después de la firma.',
          absent:
            'El archivo no contiene Content Credentials que comprobar. Eso no significa nada: son fáciles de quitar.',
        },
        signer: 'Firmado por',
        issuer: 'Certificado emitido por',
        time: 'Firmado el',
        list: 'En la lista',
        means:
          'Una firma muestra quién responde de una afirmación, no que sea cierta. No cambia el veredicto.',
      },
      unread: (container, why) => `${container}: no se leyó, ${why}.`,
      why: {
        damaged: 'dañado o incompleto',
        compressed: 'comprimido de una forma que aquí no se lee',
        'too-large': 'demasiado grande',
        repeated: 'está dos veces',
      },
    },

    details: {
      summary: 'Detalles',
      probability: 'Probabilidad de IA',
      logit: 'Logit',
      views: 'Vistas evaluadas',
      decode: 'Decodificación',
      encode: 'Codificación',
      bytes: 'Tamaño en bytes',
      sha256: 'SHA-256',
      model: 'Modelo',
      weights: 'Pesos, SHA-256',
      calibration: 'Calibración',
      adapter: 'GPU',
      selfTest: 'Autocomprobación',
      selfTestResult: { passed: 'Superada', 'fell-back': 'WebGPU falló, la CPU la superó' },
    },

    caveats: {
      summary: 'Qué puede decirle esto y qué no',
      points: [
        {
          title: 'Da indicios, no pruebas',
          text: 'Un modelo de visión compara la imagen con lo que aprendió de miles de imágenes generadas y de imágenes tomadas con cámara. Indica cuánto se parece la imagen a las generadas y con qué frecuencia ese resultado fue erróneo.',
        },
        {
          title: 'Pocos indicios no prueban nada',
          text: 'Los generadores nuevos, una edición intensa, las capturas de pantalla y la compresión repetida pueden ocultar todo rastro. Una imagen también puede engañar sin ninguna IA: por su pie, su encuadre o su fecha.',
        },
        {
          title: 'Los cambios pequeños no son su fuerte',
          text: 'Juzga la imagen en conjunto. Un rostro cambiado o un objeto añadido en una fotografía por lo demás intacta puede pasar inadvertido.',
        },
        {
          title: 'La calidad técnica es otra cosa',
          text: 'Desenfoque, ruido, compresión y ampliación tal como los ve el modelo. No es belleza ni indicio de IA y nunca cambia el resultado.',
        },
        {
          title: 'No acuse nunca solo por esto',
          text: 'Entre muchas imágenes honestas, hasta un error poco frecuente afecta a alguien. Pregunte de dónde viene la imagen, busque el original y compare con otras informaciones.',
        },
      ],
    },

    error: {
      headline: {
        decode: 'No es una imagen legible',
        unsupported: 'Tipo de imagen no admitido',
        limit: 'Imagen demasiado grande',
        network: 'No se pudo obtener',
        aborted: 'Cancelado',
        other: 'No se pudo analizar',
      },
      advice: {
        decode:
          'El archivo puede estar dañado, cortado o ser otra cosa con nombre de imagen. Pruebe con el archivo original.',
        unsupported: 'Guárdela como JPEG, PNG, WebP, GIF, BMP o TIFF e inténtelo de nuevo.',
        limit: 'Guarde una versión más pequeña e inténtelo de nuevo.',
        'weights-corrupt': 'Vuelva a cargar la página sin su caché o inténtelo más tarde.',
        network: 'Compruebe la conexión e inténtelo de nuevo.',
        'no-gpu': 'Elija la CPU en su lugar.',
        'device-lost': 'Vuelva a cargar la página e inténtelo de nuevo.',
        internal:
          'Es un error nuestro. Vuelva a cargar la página; si se repite, comuníquelo con el mensaje de arriba.',
        argument: 'Es un error de la página, no de la imagen.',
        aborted: 'No se calculó nada. Compruebe la imagen otra vez si quiere saberlo.',
      },
    },

    card: {
      remove: (file) => `Quitar ${l.isolate(file)}`,
      unnamed: 'Imagen',
      queued: 'Esperando su turno',
      loading: 'Esperando al modelo',
      working: 'Analizándola',
      announce: (file, headline, rest) => `${l.isolate(file)}: ${headline}. ${rest}`,
    },

    status: {
      loading: 'Cargando el modelo',
      fellBackReason: 'Qué falló',
      core: 'Preparándose para este dispositivo…',
      weights: (loaded, total) => `Cargando el modelo: ${l.bytes(loaded)} de ${l.bytes(total)}`,
      selfTest: 'Comprobando que este dispositivo calcula bien…',
      fallback: 'WebGPU falló aquí. Empezando de nuevo en la CPU…',
      ready: {
        webgpu: 'Listo, en la GPU de este dispositivo',
        cpu: 'Listo, en la CPU de este dispositivo',
      },
      fellBack:
        'WebGPU no funcionó bien aquí, así que se usa la CPU. Los resultados son los mismos, solo que más lentos.',
      notStored:
        'El navegador no da espacio para guardar el modelo. Funciona desde la memoria; en la próxima visita se cargará de nuevo.',
      failed: 'No se pudo iniciar el detector.',
      unsuitable: 'El modelo no se puede usar aquí. Elija otro o actualice el navegador.',
      retry: 'Intentar de nuevo',
    },

    check: {
      label: {
        one: 'Buscar indicios de IA en una imagen',
        many: 'Buscar indicios de IA en imágenes',
      },
      drop: { one: 'Suelte una imagen aquí', many: 'Suelte imágenes aquí' },
      dropOrPaste: { one: 'Suelte o pegue una imagen aquí', many: 'Suelte o pegue imágenes aquí' },
      choose: { one: 'Elegir una imagen', many: 'Elegir imágenes' },
      over: 'Suelte para comprobar',
      formats: (bytes) => `JPEG, PNG, WebP, GIF, BMP o TIFF, hasta ${bytes}`,
      privacy: 'No se sube nada: las imágenes se leen y se juzgan solo en este dispositivo.',
      noFiles:
        'Eso no era un archivo de imagen. Guarde primero la imagen y suelte después el archivo aquí.',
      pasteEmpty:
        'El portapapeles no contiene ninguna imagen. Copie una imagen, no su dirección, y péguela de nuevo.',
      pasted: 'Imagen pegada',
      results: 'Resultados',
      clear: 'Vaciar',
    },
  };
};
