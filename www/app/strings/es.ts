import type { Locale } from 'clipsight/ui';
import type { Strings } from './en.js';

/** The page's own sentences, in Spanish. */
export const es = (l: Locale): Strings => ({
  title: '¿Hasta qué punto parece una imagen generada por IA?',
  lead: 'Lea los indicios de una imagen, con el error medido al lado. Todo se ejecuta en este dispositivo.',
  footer: (model) => `Modelo ${l.isolate(model)}.`,

  lock: {
    loading: 'No se sube nada.',
    loadingNote: 'En cuanto el modelo esté aquí, se bloquea la red.',
    locked: 'Red bloqueada.',
    lockedNote: 'Ni esta página ni su worker pueden ya acceder a la red.',
    open: 'Red abierta.',
    openNote:
      'Se pueden obtener imágenes por su dirección. Bloquee la red antes de examinar imágenes privadas.',
    more: 'Cómo funciona',
    heading: 'El bloqueo de la red',
    points: [
      'Primero se cargan el modelo y el programa. Después la página ordena al navegador que rechace toda conexión posterior: peticiones, sockets, balizas, imágenes, scripts, hojas de estilo, fuentes, marcos, formularios.',
      'Sus archivos los lee un worker que se inicia bajo esta regla. Ni él ni la página pueden levantarla: solo volver a cargar la página.',
      'La regla no abarca: salir de la página por un enlace o una dirección nueva, la consulta anticipada de un nombre (DNS prefetch) y WebRTC, que la página desactiva para sí misma.',
      'El propio navegador comprueba si hay versiones nuevas de las copias que sirven sin conexión. Esa petición no contiene nada sobre sus imágenes.',
      'La primera imagen AVIF, HEIC, JPEG XL, TIFF o BMP necesita un decodificador de este mismo sitio. Lo descarga el programa que guarda las copias sin conexión: el sitio se entera de que se abrió una imagen así, y de nada más. Del mismo modo descarga los programas que miden una carpeta y que comprueban una firma.',
      'Enseñar necesita un archivo de este mismo sitio, que se obtiene del mismo modo: el sitio sabe que se empezó a enseñar, y nada más.',
    ],
    test: 'Probar',
    testing: 'La página intenta ahora llegar a su propio servidor …',
    testRefused: 'Rechazado por el navegador. No se envió nada.',
    testReached: 'Se llegó al servidor: la red no está bloqueada.',
    testFailed: 'No se llegó al servidor, pero no por el bloqueo: parece que no hay conexión.',
    unlock: 'Desbloquear …',
    unlockNote:
      'Al desbloquear se vuelve a cargar la página, sin los resultados que hay ahora en ella.',
    relock: 'Bloquear ahora',
  },

  intake: {
    drop: 'Suelte imágenes o carpetas en cualquier lugar de la página',
    paste: 'o pegue una desde el portapapeles',
    files: 'Elegir imágenes',
    folder: 'Elegir una carpeta',
    address: 'Desde una dirección',
    noImages: 'No contiene ninguna imagen.',
    passed: {
      summary: (n) =>
        l.plural(n, { one: 'Se omitió un archivo', other: 'Se omitieron {n} archivos' }),
      other: (n) => `Por su nombre no son imágenes: ${l.number(n)}`,
      hidden: (n) => `Ocultos: ${l.number(n)}`,
      system: (n) => `Miniaturas y ajustes que guardan los sistemas: ${l.number(n)}`,
      unreadable: (n) => `No se pudieron abrir: ${l.number(n)}`,
    },
    addressLabel: 'Dirección de una imagen',
    addressNote:
      'La petición va de su dispositivo a ese sitio, sin cookies. La mayoría de los sitios no permiten que otras páginas lean sus imágenes (CORS): guarde entonces la imagen y suelte aquí el archivo.',
    addressLocked:
      'La red está bloqueada, así que no se puede obtener nada. Al desbloquear se vuelve a cargar la página, sin los resultados que hay ahora en ella; después se obtiene la imagen.',
    fetch: 'Obtener',
    unlockAndFetch: 'Desbloquear y obtener',
    fromAddress: 'Imagen de una dirección',
    refused: {
      address: 'Eso no es una dirección. Empieza por https:// o http://.',
      scheme: 'Solo se obtienen direcciones que empiezan por https://, http:// o data:.',
      credentials: 'La dirección contiene un nombre de usuario o una contraseña. Quítelos.',
      unreachable:
        'No se pudo obtener la imagen. El sitio no permite que otras páginas la lean (CORS), o no hay conexión. Guarde la imagen y suelte aquí el archivo.',
      slow: 'El sitio tardó demasiado en responder. Inténtelo más tarde.',
      status: (status) => `El sitio respondió con el error ${String(status)}.`,
      empty: 'El sitio envió un archivo vacío.',
      large: (bytes) => `El archivo ocupa más de ${l.bytes(bytes)}.`,
      cut: 'La conexión se cortó antes de que llegara toda la imagen. Inténtelo de nuevo.',
    },
  },

  batch: {
    heading: 'Resultados',
    list: 'Imágenes; elija una para ver su resultado',
    progress: (done, all) => `${l.number(done)} de ${l.number(all)} listas`,
    shown: (shown, all) => `${l.number(shown)} de ${l.number(all)} a la vista`,
    again: (n) =>
      l.plural(n, { one: '{n} se examina de nuevo', other: '{n} se examinan de nuevo' }),
    nothing: 'Ninguna imagen coincide.',
    cancel: 'Cancelar',
    cancelled: 'Cancelada',
    checkAgain: 'Examinarla de todos modos',
    clear: 'Quitar todas',
    waiting: 'En espera',
    working: 'Examinándola',
    flagged: 'Sobre su umbral',
    flaggedCount: (n) => l.plural(n, { other: '{n} sobre su umbral' }),
    finished: (n, errors) =>
      l.plural(n, { one: '{n} imagen examinada', other: '{n} imágenes examinadas' }) +
      (errors === 0
        ? '.'
        : `, ${l.plural(errors, { one: '{n} no se pudo leer.', other: '{n} no se pudieron leer.' })}`),
    filter: 'Mostrar',
    search: 'El nombre contiene',
    sort: 'Ordenar por',
    filters: {
      all: 'Todas',
      flagged: 'Sobre su umbral',
      waiting: 'En espera',
      error: 'Errores',
      cancelled: 'Canceladas',
    },
    sorts: {
      added: 'Orden de llegada',
      probability: 'Probabilidad',
      grade: 'Grado',
      name: 'Nombre',
    },
  },

  /** What can be asked of a verdict. */
  examine: {
    stability: '¿Se mantiene?',
    explain: '¿Dónde miró?',
    verify: 'Comprobar su firma',
    working: {
      stability: 'Examinándola tal como la recibirían otras personas…',
      explain: 'Ocultando una parte tras otra…',
      verify: 'Comprobando la firma…',
    },
    withCost: (question: string, duration: string): string => `${question} Tarda unos ${duration}`,
  },

  parts: {
    checkEach: (n) =>
      l.plural(n, {
        one: 'Examinar la imagen que contiene',
        other: 'Examinar cada una de las {n} imágenes',
      }),
    choose: 'Examinar una parte…',
    heading: 'Elija la parte que quiere examinar',
    help: 'Arrastre sobre la imagen para trazar la parte, o arrastre la parte para moverla. Con el teclado: las flechas la mueven, Mayús y flechas cambian su tamaño, con Ctrl de píxel en píxel; Intro la examina, Esc sale.',
    area: 'Parte que se examinará',
    place: (x, y, width, height) =>
      `${l.number(width)} × ${l.number(height)} píxeles, a ${l.number(x)} de la izquierda y ${l.number(y)} de arriba`,
    check: 'Examinar esta parte',
    unseen: 'Este navegador no puede mostrar la imagen, así que no se puede elegir una parte.',
  },

  /** Measuring the model on a folder of one's own. */
  bench: {
    open: 'Medir con una carpeta propia',
    heading: 'Medir con una carpeta propia',
    lead: '¿Qué tal acierta el modelo con sus imágenes? Dele una carpeta de la que sepa qué está generado por IA y qué no. Se mide solo en este dispositivo.',
    ways: [
      'Dos carpetas juntas, con el nombre de lo que contienen: ai, fake, generated o 1; y real, human, photo o 0.',
      'O un archivo CSV entre las imágenes, con las columnas path y label; una columna origin puede nombrar generadores y fuentes.',
    ],
    choose: 'Elegir la carpeta',
    another: 'Elegir otra carpeta',
    start: 'Medir',
    goOn: 'Seguir midiendo',
    waiting: 'Esperando al modelo…',
    sorting: 'Mirando qué contiene…',
    computing: 'Calculando las cifras…',
    done: 'El informe está listo.',
    noProgram:
      'No se pudo obtener de este sitio el programa de medición. Compruebe la conexión e inténtelo de nuevo.',
    problem(problem) {
      switch (problem.problem) {
        case 'no-labels':
          return 'Nada dice qué imágenes están generadas por IA. Póngalas en dos carpetas juntas, como ai y real, o añada un archivo CSV con las columnas path y label.';
        case 'one-class':
          return problem.generated
            ? 'Todas estas imágenes están generadas por IA. Añada otras que no lo estén para comparar.'
            : 'Ninguna de estas imágenes está generada por IA. Añada algunas que lo estén para comparar.';
        case 'several-tables':
          return `Varios archivos CSV nombran imágenes y etiquetas. Conserve uno: ${problem.tables.map((table) => l.isolate(table)).join(', ')}.`;
        case 'table':
          return `No se puede leer el archivo CSV ${l.isolate(problem.table)}: ${l.isolate(problem.message)}.`;
      }
    },
    found: {
      heading: 'Lo que se encontró',
      byFolders: (generated, real) =>
        `Generadas por IA: la carpeta ${l.isolate(generated)}. No: la carpeta ${l.isolate(real)}.`,
      byTable: (table) => `Según la tabla ${l.isolate(table)}.`,
      generated: (n) => `Generadas por IA: ${l.number(n)}`,
      real: (n) => `No generadas por IA: ${l.number(n)}`,
    },
    leftOut: {
      unlabelled: (n) => `Sin etiqueta, omitidas: ${l.number(n)}`,
      missing: (n) =>
        `En la tabla, pero no en la carpeta, o no la única con ese nombre: ${l.number(n)}`,
      'unknown-label': (n) =>
        `Con una etiqueta que no significa ninguna de las dos: ${l.number(n)}`,
      repeated: (n) => `Más de una vez en la tabla: ${l.number(n)}`,
    },
    saveRows: 'Guardar las filas como CSV',
    saveJson: 'Guardar el informe como JSON',
    saveHtml: 'Guardar el informe como página',
    report: {
      title: 'Qué tal acierta clipsight con una carpeta de imágenes',
      heading: 'Cifras',
      counts: (generated, real) =>
        `Evaluadas: ${l.number(generated)} generadas por IA, ${l.number(real)} no.`,
      columns: ['Medida', 'Valor', 'Intervalo del 95 %'],
      measures: {
        auc: 'AUC',
        balancedAccuracy: 'Exactitud equilibrada',
        recall: 'Sensibilidad: imágenes de IA encontradas',
        falseAlarms: 'Falsas alarmas: otras tomadas por IA',
        ungradedGenerated: 'Sin grado, generadas por IA',
        ungradedReal: 'Sin grado, las demás',
      },
      range: (low, high) => `de ${low} a ${high}`,
      withRange: (rate, low, high) => `${rate} (de ${low} a ${high})`,
      threshold: (threshold) =>
        `Se toma por IA una probabilidad de ${threshold} o más, el umbral del modelo.`,
      intervals: {
        images:
          'Intervalos de AUC y exactitud equilibrada: bootstrap sobre imágenes, o sobre orígenes donde hay varios; los demás: Clopper-Pearson.',
        origins:
          'Intervalos de AUC y exactitud equilibrada: bootstrap sobre generadores y fuentes; los demás: Clopper-Pearson.',
      },
      noInterval:
        'Una raya: hay muy pocas imágenes, o cada extracción dio lo mismo, lo que no dice cuánto se aleja el valor.',
      few: (n) =>
        `De una clase hay menos de ${l.number(n)} imágenes. Lo que ve aquí puede ser azar.`,
      repeated: (n) =>
        l.plural(n, {
          one: 'Una imagen es, byte por byte, otra repetida. Cuenta dos veces.',
          other: '{n} imágenes son, byte por byte, otras repetidas. Cuentan más de una vez.',
        }),
      roc: {
        heading: 'Todos los umbrales',
        label: 'Curva ROC: sensibilidad según la tasa de falsas alarmas',
        found: 'Sensibilidad',
        falseAlarms: 'Falsas alarmas',
        caption: 'Curva ROC. El punto es el umbral del modelo; la línea discontinua es el azar.',
      },
      confounds: {
        heading: '¿Bastan el tamaño y el formato?',
        warning: (auc) =>
          `El tamaño y el formato bastan para distinguir estas dos carpetas: AUC ${auc}. Puede que las cifras midan eso y no las imágenes.`,
        passed: 'Apenas: cómo están guardados los archivos no distingue las dos.',
        few: (least, n) =>
          `Para saberlo hacen falta ${l.number(least)} imágenes de cada clase; de la menor hay ${l.number(n)}.`,
        columns: ['Lo que se ve del archivo', 'AUC', 'Intervalo del 95 %'],
        stored: 'Ancho, alto, formato, calidad JPEG',
        withLength: 'Lo mismo y su longitud',
        note: 'Un clasificador que no ve ningún píxel se ajusta a cuatro quintos de las imágenes y juzga el resto, por turnos. AUC 0,5 es azar; por encima de 0,6 se advierte.',
      },
      points: {
        heading: 'Umbrales según las falsas alarmas',
        columns: ['Como máximo', 'Umbral', 'Falsas alarmas', 'Encontradas'],
        few: 'Hay muy pocas imágenes no generadas por IA: en la mitad de ellas debe caber al menos una falsa alarma.',
        note: 'Elegidos con todas las imágenes. Las tasas son las de umbrales elegidos con una mitad y medidos con la otra.',
      },
      grades: {
        heading: 'Lo que vale cada grado',
        columns: ['Grado', 'Generadas por IA', 'No', 'Erróneas', 'Intervalo del 95 %'],
        note: 'Erróneas: con pocos indicios de IA, la parte que está generada por IA; con los demás, la parte que no lo está. Ambas clases pesan igual.',
      },
      mistakes: {
        heading: 'Las más alejadas de lo correcto',
        note: 'La probabilidad es la que el modelo dio a IA. Compruebe si estas imágenes están en la carpeta correcta.',
      },
      classes: { generated: 'Es de IA', real: 'No lo es' },
      unjudged: {
        heading: 'No se pudieron evaluar',
        note: (n) =>
          l.plural(n, {
            one: 'Una imagen no está en ninguna cifra.',
            other: '{n} imágenes no están en ninguna cifra.',
          }),
      },
      facts: {
        heading: 'Lo que se midió',
        limits:
          'Estas cifras valen para este modelo y estas imágenes. Otros generadores, cámaras, tamaños y retoques pueden dar otras.',
        list: 'Lista de imágenes, SHA-256',
        sides: 'Lados menores',
        pixels: (least, median, most) =>
          `de ${l.number(least)} a ${l.number(most)} px, mediana ${l.number(median)}`,
      },
    },
  },

  export: {
    menu: 'Guardar resultados',
    json: 'JSON',
    csv: 'CSV, para hojas de cálculo',
    report: 'Informe, para imprimir',
    reportTitle: 'Informe sobre imágenes generadas por IA',
    made: (date) => `Hecho el ${date}`,
    columns: {
      image: 'Imagen',
      result: 'Resultado',
      probability: 'Probabilidad',
      error: 'Error medido',
      sha256: 'SHA-256 del archivo',
    },
    back: 'Cerrar el informe',
    print: 'Imprimir',
    caution:
      'Un grado es un indicio, no una prueba. Pocos indicios de IA no prueban que haya una cámara.',
    range: (rate, low, high) => `${l.percent(rate)} (${l.percent(low)} a ${l.percent(high)})`,
    receipt: {
      json: 'Comprobante de esta imagen (JSON)',
      print: 'Comprobante de esta imagen, para imprimir',
      title: 'Comprobante del análisis de una imagen',
      back: 'Cerrar el comprobante',
      facts: {
        sha256: 'SHA-256 del comprobante',
        time: 'Creado',
        version: 'Versión de clipsight',
        file: 'SHA-256 del archivo de imagen',
        verdict: 'Resultado',
        viewLogits: 'Logit de cada vista',
        viewsSha256: 'SHA-256 de lo que vio el modelo',
        threshold: 'Umbral',
      },
      check: 'Cómo comprobarlo',
      checkNote:
        'Guarde el comprobante como JSON y conserve el archivo de imagen. En cualquier ordenador, el programa de línea de comandos de clipsight dice si el comprobante está intacto y vuelve a analizar la imagen para ver si encuentra lo mismo:',
      noSignature:
        'El hash del comprobante descubre cambios accidentales. No es una firma: no dice quién hizo el comprobante ni cuándo.',
      text: 'El comprobante',
    },
  },

  standard: {
    offer: (bytes) =>
      `Hay un modelo más potente. Se descarga una sola vez de este sitio (${l.bytes(bytes)}); sus imágenes siguen sin salir de este dispositivo.`,
    beside: (bytes) =>
      `Examinada con el modelo compacto. Hay uno más potente (${l.bytes(bytes)}, una sola descarga).`,
    privacy:
      'Se descarga una sola vez de este sitio. Sus imágenes se siguen leyendo solo en este dispositivo, con la red bloqueada.',
    use: 'Usar el modelo más potente',
    reload: 'La página se vuelve a cargar, sin los resultados que hay ahora en ella.',
    metered: (bytes) =>
      `Eligió el modelo más potente. No se ha descargado (${l.bytes(bytes)}) para no gastar esta conexión. Responde el modelo compacto.`,
    stopped: (bytes) =>
      `La descarga del modelo más potente (${l.bytes(bytes)}) se detuvo. Responde el modelo compacto.`,
    download: 'Descargarlo ahora',
    fetching:
      'El modelo más potente se está descargando, una sola vez. Las imágenes que añada entretanto esperan por él.',
    stop: 'Seguir con el modelo compacto',
    preparing:
      'El modelo compacto responde mientras se prepara el más potente. Después se examinan de nuevo sus resultados.',
    ready: 'Responde el modelo más potente.',
    again: 'Examinada con el modelo compacto; el más potente la examina de nuevo.',
    failed: {
      fetch: 'El modelo más potente no se pudo descargar. Responde el modelo compacto.',
      memory:
        'Este dispositivo tiene muy poca memoria para el modelo más potente. Responde el modelo compacto.',
      other: 'El modelo más potente no funciona en este dispositivo. Responde el modelo compacto.',
    },
    retry: 'Intentarlo de nuevo',
    stay: 'Seguir siempre con el compacto',
  },

  teach: {
    legend: 'Enseñar',
    note: 'Muestre al modelo diez o más imágenes de un generador que se le escapa, o de una cámara o colección de la que sospecha. Aprende de ellas en este dispositivo; no se sube nada.',
    open: 'Enseñar con sus propias imágenes…',
    heading: 'Enseñar con estas imágenes',
    name: 'Nombre, como el del generador o la cámara',
    unnamed: 'Cabeza entrenada',
    label: 'Todas estas imágenes son',
    labels: { ai: 'Generadas por IA', real: 'No generadas por IA' },
    chosen: (n) =>
      l.plural(n, {
        one: '{n} imagen elegida.',
        many: '{n} imágenes elegidas.',
        other: '{n} imágenes elegidas.',
      }),
    alike: (n) =>
      l.plural(n, {
        one: '{n} imagen es casi igual a otra y no contó.',
        many: '{n} imágenes son casi iguales a otras y no contaron.',
        other: '{n} imágenes son casi iguales a otras y no contaron.',
      }),
    skipped: (n) =>
      l.plural(n, {
        one: '{n} imagen no se pudo leer o muestra muy poco, y se dejó fuera.',
        many: '{n} imágenes no se pudieron leer o muestran muy poco, y se dejaron fuera.',
        other: '{n} imágenes no se pudieron leer o muestran muy poco, y se dejaron fuera.',
      }),
    tooFew: (least) => `Elija al menos ${l.number(least)}; con treinta o más aprende mejor.`,
    start: 'Enseñar',
    working: 'Se leen las imágenes, luego se ajusta y se comprueba…',
    learned: 'Lo que ha aprendido',
    heldOut: 'Sus imágenes, cada una juzgada sin haber aprendido de ella',
    check: 'Las imágenes de control del modelo, que no participaron',
    summary: (name, examples) =>
      `${l.isolate(name)}, entrenada con ${l.plural(examples, { one: '{n} imagen', many: '{n} imágenes', other: '{n} imágenes' })}.`,
    judges: (name, examples) =>
      `Juzga la cabeza entrenada ${l.isolate(name)} (${l.plural(examples, { one: '{n} imagen', many: '{n} imágenes', other: '{n} imágenes' })}).`,
    change: (before, after, images) =>
      `${l.number(after)} de ${l.number(images)} juzgadas bien; antes, ${l.number(before)}`,
    forgets:
      'Olvida más de lo debido: en las imágenes de control pierde más de un punto de cada cien. Descártela o enseñe con imágenes más variadas.',
    keep: 'Usarla',
    discard: 'Descartar',
    undo: 'Volver a usar la propia del modelo',
    save: 'Guardar como archivo',
    load: 'Abrir una guardada…',
    again: 'Juzgada antes del cambio; se está examinando de nuevo.',
    otherModel: 'Este archivo se entrenó con otro modelo. Elija ese modelo o enseñe a este.',
    noHead: 'Este archivo no es una cabeza entrenada, o fue alterado.',
    notThis: 'Al modelo que responde ahora no se le puede enseñar. Elija el compacto.',
    failed: 'No se pudo enseñar.',
    noReferences:
      'No se pudo obtener un archivo necesario para enseñar. Compruebe la conexión e inténtelo de nuevo.',
  },

  settings: {
    open: 'Ajustes',
    heading: 'Ajustes',
    close: 'Cerrar',
    apply: 'Aplicar y volver a cargar',
    reloadNote:
      'El modelo y el dispositivo cambian al volver a cargar la página. Los resultados que hay ahora en ella se pierden.',
    model: 'Modelo',
    modelCompact: 'Compacto, viene con la página',
    modelStandard: (bytes) => `Estándar: más potente (${l.bytes(bytes)})`,
    modelOther: 'Otro, por la dirección de su model.json',
    modelAddress: 'Dirección de model.json',
    modelBad: 'Eso no es la dirección de un modelo: empieza por https:// y termina en .json.',
    device: 'Se ejecuta en',
    devices: { auto: 'Lo que convenga a este dispositivo', webgpu: 'GPU, con WebGPU', cpu: 'CPU' },
    views: 'Vistas de cada imagen',
    viewsOptions: {
      model: 'Las que indica el modelo',
      1: 'Solo una: más rápido',
      5: 'Las cinco: más lento',
    },
    viewsNote: 'Para las imágenes que se añadan desde ahora.',
    look: 'Página',
    language: 'Idioma',
    theme: 'Aspecto',
    automatic: 'Como el navegador',
    themes: { light: 'Claro', dark: 'Oscuro' },
    history: 'Llevar un historial en este dispositivo',
  },

  budget: {
    heading: 'Falsas alarmas',
    note: '¿Cuántas imágenes no generadas por IA se pueden marcar? Cuantas menos, más generadas quedan sin marcar.',
    label: 'Como máximo',
    none: 'No marcar nada',
    option: (rate) => `${l.percent(rate)} de las imágenes no generadas`,
    threshold: (threshold) =>
      `Se marca desde una probabilidad del ${l.number(threshold * 100, 1)} %.`,
    measured: ({ rate, low, high, n }, found) =>
      `Medido en imágenes que no intervinieron en la elección: de ${l.number(n)} no generadas se marcó el ${l.percent(rate)} ` +
      `(${l.percent(low)} a ${l.percent(high)}); de ${l.number(found.n)} generadas, el ${l.percent(found.rate)} ` +
      `(${l.percent(found.low)} a ${l.percent(found.high)}).`,
    baseRate: '¿Cuántas de sus imágenes son generadas?',
    effect: (share, right) =>
      `Si el ${l.percent(share)} de sus imágenes son generadas, lo son unas ` +
      `${l.number(Math.round(right * 100))} de cada ${l.number(100)} marcadas.`,
    unknown: 'Para este modelo no se midió nada de eso.',
    views: 'Medido con tantas vistas como indica el modelo.',
  },

  history: {
    open: 'Historial',
    heading: 'Historial',
    note: 'Nombres y resultados, sin las imágenes; solo en este navegador y en este dispositivo.',
    empty: 'Nada todavía.',
    off: 'Desactivado. Actívelo en los ajustes.',
    wipe: 'Borrar',
    wiped: 'El historial está borrado.',
    refused: 'Este navegador no da almacenamiento a la página, así que no hay historial.',
    count: (n) => l.plural(n, { one: '{n} resultado', other: '{n} resultados' }),
    newest: (n) => `Se muestran los ${l.number(n)} más recientes.`,
  },

  offline: {
    ready: 'Desde ahora funciona también sin conexión.',
    update: 'Hay una versión nueva de esta página.',
    reload: 'Cargarla',
  },
});
