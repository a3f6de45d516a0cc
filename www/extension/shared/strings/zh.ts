import type { Locale } from 'clipsight/ui';
import { MAX_IMAGE_BYTES } from '../limits.js';
import type { Strings } from './en.js';

export const zh = (l: Locale): Strings => ({
  privacy: '不会上传任何内容。图片只在本设备上分析。',
  empty: {
    title: '还没有图片',
    menu: '在任意网页上右键点击一张图片，选择“检查这张图片”。',
    drop: '也可以把图片拖放或粘贴到这里。',
  },
  choose: '选择图片',
  openPanel: '打开侧边栏',
  over: '松开即可检查',
  results: '结果',
  clear: '全部清除',
  receipt: '保存凭据',
  image: '图片',
  pasted: '粘贴的图片',
  noFiles: '这不是图片文件。请先保存图片，再把文件拖放到这里。',
  overlays: {
    turnOn: (site) => `标记 ${l.isolate(site)} 上的图片`,
    hint: '存放在此网站上的图片会在进入视野时被检查。浏览器会先征求您的同意。',
    elsewhere: '无法标记此页面上的图片。',
    badge: (headline) => `${headline}。显示详情`,
    error: '无法检查',
  },
  instead: {
    memory: '由紧凑型模型检查：本设备的内存不足以运行标准型模型。',
    other: '由紧凑型模型检查：标准型模型无法在本设备上运行。',
  },
  settings: {
    heading: '设置',
    model: '模型',
    models: { compact: '紧凑型：更快', standard: '标准型：更强' },
    modelNote:
      '两者都包含在扩展中，无需下载。从下一张图片起生效。更强的模型耗时更长，占用内存更多。',
    device: '运行于',
    auto: 'GPU（如果有快速的 GPU）',
    cpu: 'CPU',
    language: '语言',
    sites: '您已允许的网站',
    noSites: '无。在您允许之前，扩展不能读取任何网站。',
    marked: '图片会被标记',
    remove: (site) => `不再允许 ${l.isolate(site)}`,
  },
  reason: {
    scheme: () => '无法读取这类地址的图片。请保存图片，再把文件拖放到这里。',
    private: (host) =>
      `${l.isolate(host)} 位于专用网络，而此网页不在其中，因此没有向它请求任何内容。` +
      '请保存图片，再把文件拖放到这里。',
    status: (code) => `服务器返回了 ${code}。`,
    unreachable: () => '无法下载图片，页面上也看不到它。请保存图片，再把文件拖放到这里。',
    stalled: () => '服务器响应时间过长。',
    'too-large': () => `图片超过 ${l.mebibytes(MAX_IMAGE_BYTES)}。`,
    empty: () => '服务器发送了一个空文件。',
    'no-image': () => '指针下没有图片，视野内也没有。',
    'not-visible': () => '可见的图片部分太少。请滚动到图片处再试一次。',
    'not-shown': () =>
      '该网站发送的图片与页面上显示的不同，而页面上的图片可见部分太少。请滚动到图片处再试一次。',
    detector: (detail) => `检测器出错（${detail}）。请再试一次。`,
  },
});
