import type { Locale } from 'clipsight/ui';
import type { Strings } from './en.js';

/** The page's own sentences, in Chinese (simplified). */
export const zh = (l: Locale): Strings => ({
  title: '图片有多像 AI 生成的？',
  lead: '查看图片中的迹象，以及我们实测的误差。一切都在本设备上运行。',
  footer: (model) => `模型 ${l.isolate(model)}。`,

  lock: {
    loading: '不会上传任何内容。',
    loadingNote: '模型载入后，网络即被锁定。',
    locked: '网络已锁定。',
    lockedNote: '本页面及其工作线程都无法再访问网络。',
    open: '网络未锁定。',
    openNote: '可以通过网址获取图片。查看私人图片之前，请先锁定网络。',
    more: '工作原理',
    heading: '网络锁',
    points: [
      '首先载入模型和程序。随后页面要求浏览器拒绝之后的一切连接：请求、套接字、信标、图片、脚本、样式表、字体、框架、表单。',
      '您的文件由在此规则下启动的工作线程读取。它无法解除规则，页面也不能：只有重新载入页面才行。',
      '规则不涵盖：通过链接或新网址离开页面、预先查询域名（DNS 预取），以及 WebRTC（页面已自行将其关闭）。',
      '供离线使用的副本由浏览器自行检查更新。该请求不含任何与您的图片有关的内容。',
      '首个 AVIF、HEIC、JPEG XL、TIFF 或 BMP 图像需要本站自带的解码器，由保存离线副本的程序获取：网站只会得知打开过这类图像，除此之外一无所知。测量文件夹和核实签名的程序也以同样的方式获取。',
      '教学需要本网站自己的一个文件，以同样的方式获取：网站只知道有人开始教学，别的一概不知。',
    ],
    test: '试一试',
    testing: '页面正在尝试连接自己的服务器……',
    testRefused: '已被浏览器拒绝。没有发送任何内容。',
    testReached: '连接到了服务器：网络未锁定。',
    testFailed: '没有连接到服务器，但不是因为网络锁：似乎没有网络连接。',
    unlock: '解锁……',
    unlockNote: '解锁会重新载入页面，现有的结果将丢失。',
    relock: '立即锁定',
  },

  intake: {
    drop: '将图片或文件夹拖放到页面任意位置',
    paste: '或从剪贴板粘贴',
    files: '选择图片',
    folder: '选择文件夹',
    address: '通过网址',
    noImages: '其中没有图片。',
    passed: {
      summary: (n) => `已略过 ${l.number(n)} 个文件`,
      other: (n) => `从文件名看不是图片：${l.number(n)}`,
      hidden: (n) => `隐藏文件：${l.number(n)}`,
      system: (n) => `系统保存的缩略图和设置：${l.number(n)}`,
      unreadable: (n) => `无法打开：${l.number(n)}`,
    },
    addressLabel: '图片的网址',
    addressNote:
      '请求从您的设备发往该网站，不带 Cookie。多数网站不允许其他页面读取其图片（CORS）：请先保存图片，再把文件拖放到这里。',
    addressLocked:
      '网络已锁定，无法获取任何内容。解锁会重新载入页面，现有的结果将丢失；随后获取该图片。',
    fetch: '获取',
    unlockAndFetch: '解锁并获取',
    fromAddress: '来自网址的图片',
    refused: {
      address: '这不是网址。网址以 https:// 或 http:// 开头。',
      scheme: '只获取以 https://、http:// 或 data: 开头的网址。',
      credentials: '网址中含有用户名或密码。请将其去掉。',
      unreachable:
        '无法获取图片。该网站不允许其他页面读取它（CORS），或者没有网络连接。请保存图片并把文件拖放到这里。',
      slow: '该网站响应时间过长。请稍后再试。',
      status: (status) => `该网站返回了错误 ${String(status)}。`,
      empty: '该网站返回了空文件。',
      large: (bytes) => `文件大于 ${l.bytes(bytes)}。`,
      cut: '图片尚未传完，连接就中断了。请重试。',
    },
  },

  batch: {
    heading: '结果',
    list: '图片；选择一张查看其结果',
    progress: (done, all) => `已完成 ${l.number(done)} / ${l.number(all)}`,
    shown: (shown, all) => `显示 ${l.number(shown)} / ${l.number(all)}`,
    again: (n) => l.plural(n, { other: '{n} 张正在重新检查' }),
    nothing: '没有符合的图片。',
    cancel: '取消',
    cancelled: '已取消',
    checkAgain: '仍要检查',
    clear: '全部移除',
    waiting: '等待中',
    working: '正在检查',
    flagged: '超过您的阈值',
    flaggedCount: (n) => l.plural(n, { other: '{n} 张超过您的阈值' }),
    finished: (n, errors) =>
      `已检查 ${l.plural(n, { other: '{n} 张图片' })}` +
      (errors === 0 ? '。' : `，其中 ${l.plural(errors, { other: '{n} 张无法读取。' })}`),
    filter: '显示',
    search: '名称包含',
    sort: '排序',
    filters: {
      all: '全部',
      flagged: '超过您的阈值',
      waiting: '等待中',
      error: '错误',
      cancelled: '已取消',
    },
    sorts: { added: '添加顺序', probability: '概率', grade: '等级', name: '名称' },
  },

  /** What can be asked of a verdict. */
  examine: {
    stability: '结论站得住吗？',
    explain: '它看了哪里？',
    verify: '核实签名',
    working: {
      stability: '正在按别人收到的样子判断…',
      explain: '正在逐一遮住各个部分…',
      verify: '正在核实签名…',
    },
    withCost: (question: string, duration: string): string => `${question}大约需要 ${duration}`,
  },

  parts: {
    checkEach: (n) => l.plural(n, { one: '检测其中的图片', other: '逐一检测这 {n} 幅图片' }),
    choose: '检测一个部分…',
    heading: '选择要检测的部分',
    help: '在图片上拖动以画出一个部分，或拖动该部分来移动它。用键盘：方向键移动，Shift 加方向键改变大小，加 Ctrl 则每次一个像素；Enter 检测，Esc 退出。',
    area: '要检测的部分',
    place: (x, y, width, height) =>
      `${l.number(width)} × ${l.number(height)} 像素，距左 ${l.number(x)}，距上 ${l.number(y)}`,
    check: '检测这个部分',
    unseen: '此浏览器无法显示这张图片，因此无法从中选择部分。',
  },

  /** Measuring the model on a folder of one's own. */
  bench: {
    open: '用自己的文件夹测量',
    heading: '用自己的文件夹测量',
    lead: '模型在您的图片上表现如何？请提供一个您知道哪些由 AI 生成、哪些不是的文件夹。测量只在本设备上进行。',
    ways: [
      '两个并列的文件夹，以其内容命名：ai、fake、generated 或 1；以及 real、human、photo 或 0。',
      '或者在图片旁放一个 CSV 文件，含 path 和 label 两列；origin 列可以注明生成器和来源。',
    ],
    choose: '选择文件夹',
    another: '选择另一个文件夹',
    start: '开始测量',
    goOn: '继续测量',
    waiting: '正在等待模型……',
    sorting: '正在查看其中的内容……',
    computing: '正在计算指标……',
    done: '报告已完成。',
    noProgram: '无法从本站获取测量程序。请检查网络连接后重试。',
    problem(problem) {
      switch (problem.problem) {
        case 'no-labels':
          return '无法得知哪些图片由 AI 生成。请把它们放进两个并列的文件夹，例如 ai 和 real，或者添加一个含 path 和 label 两列的 CSV 文件。';
        case 'one-class':
          return problem.generated
            ? '这些图片全部由 AI 生成。请添加一些不是的图片以作比较。'
            : '这些图片都不是由 AI 生成的。请添加一些 AI 生成的图片以作比较。';
        case 'several-tables':
          return `有多个 CSV 文件列出了图片和标签。请只保留一个：${problem.tables.map((table) => l.isolate(table)).join(', ')}。`;
        case 'table':
          return `无法读取 CSV 文件 ${l.isolate(problem.table)}：${l.isolate(problem.message)}。`;
      }
    },
    found: {
      heading: '找到的内容',
      byFolders: (generated, real) =>
        `AI 生成：文件夹 ${l.isolate(generated)}。非 AI 生成：文件夹 ${l.isolate(real)}。`,
      byTable: (table) => `依据表格 ${l.isolate(table)}。`,
      generated: (n) => `AI 生成：${l.number(n)}`,
      real: (n) => `非 AI 生成：${l.number(n)}`,
    },
    leftOut: {
      unlabelled: (n) => `没有标签，未计入：${l.number(n)}`,
      missing: (n) => `表格中有而文件夹中没有，或有多个同名文件：${l.number(n)}`,
      'unknown-label': (n) => `标签不属于任何一类，未计入：${l.number(n)}`,
      repeated: (n) => `在表格中重复出现：${l.number(n)}`,
    },
    saveRows: '将各行保存为 CSV',
    saveJson: '将报告保存为 JSON',
    saveHtml: '将报告保存为网页',
    report: {
      title: 'clipsight 在一个图片文件夹上的表现',
      heading: '指标',
      counts: (generated, real) =>
        `已判断：AI 生成 ${l.number(generated)} 张，非 AI 生成 ${l.number(real)} 张。`,
      columns: ['指标', '数值', '95% 区间'],
      measures: {
        auc: 'AUC',
        balancedAccuracy: '平衡准确率',
        recall: '召回率：找到的 AI 图片',
        falseAlarms: '误报：被判为 AI 的其他图片',
        ungradedGenerated: '没有等级，AI 生成',
        ungradedReal: '没有等级，其他',
      },
      range: (low, high) => `${low} 至 ${high}`,
      withRange: (rate, low, high) => `${rate}（${low} 至 ${high}）`,
      threshold: (threshold) => `概率达到 ${threshold}（模型的阈值）即判为 AI 生成。`,
      intervals: {
        images:
          'AUC 和平衡准确率的区间：对图片做自助抽样，有多个来源时对来源抽样；其余：Clopper-Pearson。',
        origins: 'AUC 和平衡准确率的区间：对生成器和来源做自助抽样；其余：Clopper-Pearson。',
      },
      noInterval: '短横线：图片太少，或每次抽样结果都相同，这说明不了数值偏差有多大。',
      few: (n) => `其中一类图片不足 ${l.number(n)} 张。这里的结果可能只是偶然。`,
      repeated: (n) => `有 ${l.number(n)} 张图片与另一张逐字节相同，被重复计算。`,
      roc: {
        heading: '所有阈值',
        label: 'ROC 曲线：召回率随误报率的变化',
        found: '召回率',
        falseAlarms: '误报率',
        caption: 'ROC 曲线。圆点是模型的阈值，虚线表示随机猜测。',
      },
      confounds: {
        heading: '仅凭尺寸和格式能否区分？',
        warning: (auc) =>
          `仅凭尺寸和格式就能区分这两个文件夹：AUC ${auc}。这些指标可能测的是它，而不是画面。`,
        passed: '基本不能：文件的存储方式区分不了这两类。',
        few: (least, n) =>
          `每类需要 ${l.number(least)} 张图片才能判断；较少的一类只有 ${l.number(n)} 张。`,
        columns: ['从文件中看到的', 'AUC', '95% 区间'],
        stored: '宽度、高度、格式、JPEG 质量',
        withLength: '以上各项和文件长度',
        note: '一个看不到任何像素的分类器轮流用五分之四的图片拟合，并判断其余图片。AUC 0.5 为随机；超过 0.6 即给出警告。',
      },
      points: {
        heading: '按误报率选择阈值',
        columns: ['最多', '阈值', '误报', '找到'],
        few: '非 AI 生成的图片太少：其中一半至少要容得下一次误报。',
        note: '阈值在全部图片上选定。所列比率来自在一半图片上选定、在另一半上测得的阈值。',
      },
      grades: {
        heading: '每个等级的可靠程度',
        columns: ['等级', 'AI 生成', '非 AI', '错误', '95% 区间'],
        note: '错误：对“AI 迹象很少”是其中由 AI 生成的比例，对其他等级是其中并非 AI 生成的比例。两类权重相同。',
      },
      mistakes: {
        heading: '错得最远的图片',
        note: '概率是模型给出的 AI 概率。请检查这些图片是否放在了正确的文件夹里。',
      },
      classes: { generated: '由 AI 生成', real: '并非 AI 生成' },
      unjudged: {
        heading: '无法判断',
        note: (n) => `有 ${l.number(n)} 张图片未计入任何指标。`,
      },
      facts: {
        heading: '测量的内容',
        limits:
          '这些指标只针对这个模型和这些图片。其他生成器、相机、尺寸和编辑可能得到不同的结果。',
        list: '图片清单的 SHA-256',
        sides: '短边',
        pixels: (least, median, most) =>
          `${l.number(least)} 至 ${l.number(most)} 像素，中位数 ${l.number(median)}`,
      },
    },
  },

  export: {
    menu: '保存结果',
    json: 'JSON',
    csv: 'CSV，用于电子表格',
    report: '报告，用于打印',
    reportTitle: '关于 AI 生成图片的报告',
    made: (date) => `生成于 ${date}`,
    columns: {
      image: '图片',
      result: '结果',
      probability: '概率',
      error: '实测误差',
      sha256: '文件的 SHA-256',
    },
    back: '关闭报告',
    print: '打印',
    caution: '等级是迹象，不是证据。AI 迹象少并不证明出自相机。',
    range: (rate, low, high) => `${l.percent(rate)}（${l.percent(low)} 至 ${l.percent(high)}）`,
    receipt: {
      json: '此图片的凭据（JSON）',
      print: '此图片的凭据，用于打印',
      title: '图片分析凭据',
      back: '关闭凭据',
      facts: {
        sha256: '凭据的 SHA-256',
        time: '生成于',
        version: 'clipsight 版本',
        file: '图片文件的 SHA-256',
        verdict: '结果',
        viewLogits: '各视图的 logit',
        viewsSha256: '模型所见内容的 SHA-256',
        threshold: '阈值',
      },
      check: '如何核验',
      checkNote:
        '将凭据另存为 JSON，并保留图片文件。在任何电脑上，clipsight 的命令行程序都能判断凭据是否未被改动，并重新分析图片，看结果是否相同：',
      noSignature: '凭据中的哈希值可以发现意外改动。它不是签名：不能说明凭据由谁、在何时生成。',
      text: '凭据原文',
    },
  },

  standard: {
    offer: (bytes) =>
      `有一个更强的模型可用。它只需从本网站下载一次（${l.bytes(bytes)}）；您的图片仍然只留在本设备上。`,
    beside: (bytes) => `由紧凑型模型检查。有一个更强的模型可用（${l.bytes(bytes)}，只下载一次）。`,
    privacy: '它只需从本网站下载一次。您的图片仍然只在本设备上读取，且网络已锁定。',
    use: '使用更强的模型',
    reload: '页面将重新载入，现有的结果会丢失。',
    metered: (bytes) =>
      `您选择了更强的模型。为节省此连接的流量，尚未下载（${l.bytes(bytes)}）。目前由紧凑型模型作答。`,
    stopped: (bytes) => `更强模型的下载（${l.bytes(bytes)}）已停止。目前由紧凑型模型作答。`,
    download: '现在下载',
    fetching: '正在下载更强的模型，只需这一次。其间添加的图片会等待它。',
    stop: '继续使用紧凑型模型',
    preparing: '更强的模型准备就绪之前，由紧凑型模型作答；其结果随后会重新检查。',
    ready: '目前由更强的模型作答。',
    again: '已由紧凑型模型检查；更强的模型正在重新检查。',
    failed: {
      fetch: '无法下载更强的模型。目前由紧凑型模型作答。',
      memory: '本设备的内存不足以运行更强的模型。目前由紧凑型模型作答。',
      other: '更强的模型无法在本设备上运行。目前由紧凑型模型作答。',
    },
    retry: '重试',
    stay: '保持使用紧凑型模型',
  },

  teach: {
    legend: '教学',
    note: '给模型看十张或更多图片：来自它漏判的生成器，或来自它误疑的相机或收藏。它在本设备上从中学习，不上传任何内容。',
    open: '用自己的图片教它…',
    heading: '用这些图片教它',
    name: '名称，例如生成器或相机',
    unnamed: '教出的判断头',
    label: '这些图片全都',
    labels: { ai: '由 AI 生成', real: '不是由 AI 生成' },
    chosen: (n) => l.plural(n, { other: '已选择 {n} 张图片。' }),
    alike: (n) => l.plural(n, { other: '{n} 张图片与其他图片几乎相同，未计入。' }),
    skipped: (n) => l.plural(n, { other: '{n} 张图片无法读取或内容太少，已略过。' }),
    tooFew: (least) => `请至少选择 ${l.number(least)} 张；三十张或更多效果更好。`,
    start: '开始教',
    working: '正在读取图片，然后拟合并检查…',
    learned: '学到了什么',
    heldOut: '您的图片，每张都在未从它学习的情况下判断',
    check: '模型自带的检查图片，未参与学习',
    summary: (name, examples) =>
      `${l.isolate(name)}，用 ${l.plural(examples, { other: '{n} 张图片' })}教出。`,
    judges: (name, examples) =>
      `现由教出的判断头 ${l.isolate(name)} 判断（${l.plural(examples, { other: '{n} 张图片' })}）。`,
    change: (before, after, images) =>
      `${l.number(images)} 张中判断正确 ${l.number(after)} 张，之前 ${l.number(before)} 张`,
    forgets: '它忘得太多：在检查图片上每百分损失超过一分。请放弃它，或用更多样的图片来教。',
    keep: '使用',
    discard: '放弃',
    undo: '恢复模型自带的判断头',
    save: '保存为文件',
    load: '打开已保存的…',
    again: '在更改之前判断；正在重新检查。',
    otherModel: '此文件是在另一个模型上教出的。请选择那个模型，或重新教这个模型。',
    noHead: '此文件不是教出的判断头，或已被改动。',
    notThis: '当前作答的模型无法教。请选择紧凑型模型。',
    failed: '教学未成功。',
    noReferences: '无法获取教学所需的文件。请检查网络连接后重试。',
  },

  settings: {
    open: '设置',
    heading: '设置',
    close: '关闭',
    apply: '应用并重新载入',
    reloadNote: '模型和设备在重新载入页面后生效。现有的结果届时将丢失。',
    model: '模型',
    modelCompact: '紧凑型，随页面提供',
    modelStandard: (bytes) => `标准型：更强（${l.bytes(bytes)}）`,
    modelOther: '其他模型，通过其 model.json 的网址',
    modelAddress: 'model.json 的网址',
    modelBad: '这不是模型的网址：它以 https:// 开头，以 .json 结尾。',
    device: '运行于',
    devices: { auto: '适合本设备的方式', webgpu: 'GPU（WebGPU）', cpu: 'CPU' },
    views: '每张图片的视图',
    viewsOptions: { model: '由模型决定', 1: '仅一个：较快', 5: '全部五个：较慢' },
    viewsNote: '适用于此后添加的图片。',
    look: '页面',
    language: '语言',
    theme: '外观',
    automatic: '跟随浏览器',
    themes: { light: '浅色', dark: '深色' },
    history: '在本设备上保留历史记录',
  },

  budget: {
    heading: '误报',
    note: '允许标记多少并非 AI 生成的图片？越少，未被标记的生成图片就越多。',
    label: '最多',
    none: '不标记',
    option: (rate) => `非生成图片的 ${l.percent(rate)}`,
    threshold: (threshold) => `概率达到 ${l.number(threshold * 100, 1)}% 即标记。`,
    measured: ({ rate, low, high, n }, found) =>
      `在未参与选择的图片上测得：${l.number(n)} 张非生成图片中有 ${l.percent(rate)} 被标记（${l.percent(low)} 至 ${l.percent(high)}）；` +
      `${l.number(found.n)} 张生成图片中有 ${l.percent(found.rate)}（${l.percent(found.low)} 至 ${l.percent(found.high)}）。`,
    baseRate: '您的图片中有多少是生成的？',
    effect: (share, right) =>
      `如果您的图片中有 ${l.percent(share)} 是生成的，那么每 ${l.number(100)} 张被标记的图片中约有 ` +
      `${l.number(Math.round(right * 100))} 张是生成的。`,
    unknown: '没有对该模型做过此类测量。',
    views: '按模型规定的视图数测得。',
  },

  history: {
    open: '历史记录',
    heading: '历史记录',
    note: '只有名称和结果，不含图片；仅保存在本设备的这个浏览器中。',
    empty: '还没有内容。',
    off: '未开启。可在设置中开启。',
    wipe: '清除',
    wiped: '历史记录已清除。',
    refused: '此浏览器不给页面提供存储，因此没有历史记录。',
    count: (n) => l.plural(n, { other: '{n} 条结果' }),
    newest: (n) => `显示最近的 ${l.number(n)} 条。`,
  },

  offline: {
    ready: '此后无需网络连接也能使用。',
    update: '本页面有新版本。',
    reload: '载入',
  },
});
