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
      '首个 AVIF、HEIC、JPEG XL、TIFF 或 BMP 图像需要本站自带的解码器，首次核实签名也需要本站自带的程序，均由保存离线副本的程序获取：网站只会得知打开过这类图像或核实过签名，除此之外一无所知。',
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
