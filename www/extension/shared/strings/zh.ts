import type { Locale } from 'clipsight/ui';
import type { Strings } from './en.js';

export const zh = (l: Locale): Strings => ({
  privacy: '不会上传任何内容。图片只在本设备上读取和判断。',
  empty: {
    title: '还没有图片',
    menu: '在任意网页上右键点击一张图片，选择“检查这张图片”。',
    drop: '也可以把图片拖放到这里，或者粘贴。',
  },
  choose: '选择图片',
  openPanel: '打开侧边栏',
  over: '松开即可检查',
  results: '结果',
  clear: '全部清除',
  image: '图片',
  pasted: '粘贴的图片',
  noFiles: '那不是图片文件。请先保存图片，再把文件拖放到这里。',
  reading: '正在读取图片……',
  overlays: {
    turnOn: (site) => `标记 ${l.isolate(site)} 上的图片`,
    hint: '此网站自己的图片进入视野时会被检查。浏览器会先征求您的同意。',
    elsewhere: '无法标记此页面。',
    badge: (headline) => `${headline}。显示详情`,
    error: '无法检查',
  },
  settings: {
    heading: '设置',
    device: '计算设备',
    auto: '有快速 GPU 时用 GPU',
    cpu: 'CPU',
    language: '语言',
    sites: '您已允许的网站',
    noSites: '无。在您允许之前，扩展不能读取任何网站。',
    marked: '图片会被标记',
    remove: (site) => `收回对 ${l.isolate(site)} 的许可`,
  },
  reason: {
    scheme: () => '无法读取这类地址的图片。请保存图片，再把文件拖放到这里。',
    private: (host) =>
      `${l.isolate(host)} 位于专用网络，而此网页不在其中，因此不会从那里获取任何内容。请保存图片，再把文件拖放到这里。`,
    status: (code) => `服务器返回了 ${code}。`,
    unreachable: () => '无法获取图片，页面上也看不到它。请保存图片，再把文件拖放到这里。',
    stalled: () => '服务器响应时间过长。',
    'too-large': () => `图片超过 ${l.number(64)} MiB。`,
    empty: () => '服务器没有发送图片。',
    'no-image': () => '指针下没有图片，视野内也没有。',
    'no-page': () => '无法读取此页面。',
    'not-visible': () => '可见的图片部分太少。请滚动到图片处再试一次。',
    engine: (detail) => `检测器没有响应（${detail}）。请再试一次。`,
  },
});
