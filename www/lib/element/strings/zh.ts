import type { Locale } from '../i18n.js';
import type { Strings } from './en.js';

export const zh = (l: Locale): Strings => {
  const hundredths = (rate: number): string => l.number(Math.round(rate * 100));
  const hundred = l.number(100);
  const about = (rate: number): string => {
    const count = Math.round(rate * 100);
    return count === 0 ? '不到 1 个' : l.plural(count, { other: '约有 {n} 个' });
  };
  return {
    grade: {
      weak: 'AI 迹象很少',
      moderate: '有一些 AI 迹象',
      strong: '有较强的 AI 迹象',
      'very-strong': '有很强的 AI 迹象',
    },
    meter: (level) => `证据强度：${l.number(level)}（满级为 ${l.number(4)}）`,
    gradeNote: {
      weak: '模型几乎没有发现指向生成器的特征。但这并不能证明图像来自相机。',
      moderate: '模型所观察的特征中，有一部分指向生成器。请再寻找其他证据。',
      strong: '模型所观察的特征中，有许多指向生成器。',
      'very-strong': '模型所观察的特征几乎全部指向生成器。',
    },
    probability: (probability) =>
      `AI 生成的概率：${l.boundedPercent(
        probability,
        (bound) => `高于 ${bound}`,
        (bound) => `低于 ${bound}`,
      )}`,
    measuredError: {
      sentence: (grade, { rate }) =>
        grade === 'weak'
          ? `每 ${hundred} 个此类结果中，${about(rate)}其实是 AI 生成的。`
          : `每 ${hundred} 个此类结果中，${about(rate)}并非 AI 生成。`,
      basis: ({ low, high, n }) =>
        `在 ${l.number(n)} 张测试图像上测得；${l.percent(0.95)} 区间：每 ${hundred} 个中 ${hundredths(low)} 至 ${hundredths(high)} 个。`,
      unknown: '得到此结果的测试图像太少，无法说明它出错的频率。',
    },

    taught: {
      term: '教出的判断头',
      note: (name, examples) =>
        `由您教出的判断头 ${l.isolate(name)}（${l.plural(examples, { other: '{n} 个示例' })}）判断，而不是模型自带的判断头。`,
      unmeasured: '尚未测量教出的判断头多常出错。',
    },
    abstained: {
      headline: '无法判断',
      ungraded: '不评等级',
      reason: {
        'between-grades': '证据不偏向任何一方：在这里，模型出错与正确的次数大致相当。',
        uncalibrated: '这是模型自己的说法。没有人测量过它多久出错一次，因此不给等级。',
        'too-small': '图像的像素太少。请换一个更大的版本。',
        'no-content': '这张图像中几乎没有可供判断的内容：只有一种颜色、渐变或模糊。',
        unsteady:
          '图片经过转发（重新保存、缩小一半、裁剪或去掉颜色）后，结论会改变，因此不给出结论。',
      },
    },

    stability: {
      title: '结论站得住吗？',
      steady: '站得住：别人收到这张图片时，没有任何结论落在另一边。',
      unsteady: '不稳定：转发后，这张图片会得到相反的结论。两个结论都不要依赖。',
      withoutGrade: '没有可能改变的结论；下面是模型对每个版本的判断。',
      original: '原样',
      delivery: {
        jpeg: '保存为 JPEG',
        half: '缩小一半',
        crop: '裁掉十分之一',
        gray: '去掉颜色',
      },
    },
    map: {
      title: '模型看了哪里',
      caption: '这里显示模型看了哪里，而不是哪里被改动过。',
      /** Where the picture is no square. */
      centreOnly: '它看的是中央的正方形区域。',
      strength: '叠加层强度',
      speaksFor: '支持 AI 生成',
      speaksAgainst: '不支持 AI 生成',
      /** For who cannot see it: where the part is that counts most. */
      description: (column: number, row: number, speaksFor: boolean): string =>
        `最重要的是从左数第 ${l.number(column)}、从上数第 ${l.number(row)} 的部分；它` +
        (speaksFor ? '支持 AI 生成。' : '不支持 AI 生成。'),
      shares: '各层的贡献',
      sharesNote: '对 logit 的贡献；总和等于这张图片与只剩大致颜色的同一图片之间的差值。',
      layer: (layer: number): string => `第 ${l.number(layer)} 层`,
      pool: {
        class: '类别 token',
        mean: '图块的平均值',
        std: '图块的离散程度',
        'mlp-input-class': 'MLP 之前的类别 token',
      },
    },

    facts: {
      generator: '可能的生成器',
      unknown: '未知',
      family: {
        diffusion: '未知的扩散模型',
        gan: '未知的生成对抗网络（GAN）',
        autoregressive: '未知的自回归模型',
      },
      familyNamed: (name) => `未知，属于 ${l.isolate(name)} 一类`,
      generatorNote: '假如图像确为生成，这是在模型学过的生成器中作出的猜测。',
      quality: '技术质量',
      qualityOf: (quality) => `${hundredths(quality)}（满分 ${hundred}）`,
      image: '图像',
      size: (width, height) => `${l.number(width)} × ${l.number(height)}`,
      part: '判断的部分',
      partOf: (x, y, width, height) =>
        `${l.number(width)} × ${l.number(height)}，距左 ${l.number(x)}，距上 ${l.number(y)}`,
      ran: '计算',
      ranOn: { webgpu: '在本设备的 GPU 上', cpu: '在本设备的 CPU 上' },
      separator: '，',
      source: '来源',
      fidelity: {
        'original-bytes': '文件本身的字节',
        're-encoded': '由像素重新编码',
        'screen-capture': '屏幕截图',
      },
    },
    pictures: (n) =>
      l.plural(n, {
        one: '这看起来是一张含有一幅图片的截图。结论针对整体：请单独检测其中的图片。',
        other: '这看起来是一张含有 {n} 幅图片的截图或拼图。结论针对整体：请逐一检测其中的图片。',
      }),
    fidelityNote: {
      're-encoded': '依据重新编码的像素判断：模型所观察的特征有一部分已丢失。',
      'screen-capture': '依据屏幕截图判断：模型所观察的特征大多已丢失。请改用原始文件。',
    },
    notes: {
      'first-frame-only': '动画图像：只看了第一帧。',
      'first-page-only': '多页图像：只看了第一页。',
      'alpha-over-white': '部分透明：已置于白色背景上。',
      'sixteen-bit-reduced': '每种颜色 16 位：已舍入为 8 位。',
      'cmyk-converted': '用于印刷（CMYK）：颜色经过粗略转换。',
      'profile-converted': '颜色已转换为 sRGB。',
      'hdr-tone-mapped': '高动态范围：亮度已映射到普通屏幕的范围。',
      'gain-map-ignored': '已忽略用于更亮屏幕的增益图。',
      'reduced-copy-skipped': '文件开头是缩小的副本：分析的是其后的完整图像。',
      'end-missing': '文件末尾缺失或损坏，但所有像素都在。',
      'scans-missing': '文件不完整：缺少细节。',
    },

    provenance: {
      summary: '文件对自身的说明',
      unchecked:
        '这些内容未经核实：任何人都可以把它们写进文件，而大多数网站会将其删除。它们不影响判断结果。',
      contradictory: '文件自相矛盾：它还称图片由相机拍摄。',
      says: {
        generated: '文件称：图片由生成式模型制作。',
        'partly-generated': '文件称：图片的一部分由生成式模型制作。',
        'possibly-generated': '文件称：图片可能由 AI 生成。',
        'generator-named': '文件称：使用过生成式工具，但没有说明用途。',
        composite: '文件称：图片由多张图片合成，其中可能有 AI 生成的内容。',
        'screen-capture': '文件称：图片是屏幕截图。',
        captured: '文件称：图片由相机或扫描仪记录。',
        created: '文件称：图片由软件制作，未使用生成式模型。',
        edited: '文件称：图片经过编辑，未使用生成式模型。',
      },
      mark: {
        'digital-source-type': '图片来源',
        action: '操作',
        ingredient: '素材',
        'aigc-label': 'AI 生成内容标识',
        settings: '生成器的设置',
        prompt: '提示词',
        'ai-system': 'AI 系统',
        software: '软件',
        camera: '相机',
        credit: '署名',
        'job-id': '生成器的任务编号',
        signature: '生成器的签名',
        'generative-fill': '由模型填充的部分',
        'remote-manifest': '存放在别处的内容凭证',
        screenshot: '系统备注',
      },
      container: {
        'content-credentials': '内容凭证',
        xmp: 'XMP',
        exif: 'EXIF',
        iptc: 'IPTC',
        'png-text': 'PNG 文本',
        comment: '注释',
      },
      credentials: {
        unverified: '已读取内容凭证，但未核实其签名。',
        trusted: '内容凭证：由受信任的签名者签名，此后未被更改。',
        'unknown-signer': '内容凭证：签名后未被更改，但签名者不在受信任名单中。',
        invalid: '内容凭证无效：文件在签名后被更改。',
      },
      synthId: '谷歌的生成器会用 SynthID 标记其图片，离线无法核实。',
      verified: {
        state: {
          trusted: '签名正确：该文件由受信任的签名者签名，此后未被更改。',
          valid: '签名正确，文件此后未被更改，但签名者不在任何受信任名单中。任何人都可以这样签名。',
          invalid: '内容凭证无效：多数情况下是文件在签名后被更改。',
          absent: '该文件没有可核实的内容凭证。这不说明任何问题：它们很容易被去除。',
        },
        signer: '签名者',
        issuer: '证书颁发者',
        time: '签名时间',
        list: '所在名单',
        means: '签名只表明谁为这一说法负责，不表明它属实。它不会改变结论。',
      },
      unread: (container, why) => `${container}：未读取，${why}。`,
      why: {
        damaged: '已损坏或不完整',
        compressed: '采用了此处无法读取的压缩方式',
        'too-large': '过大',
        repeated: '重复出现',
      },
    },

    details: {
      summary: '详细信息',
      probability: 'AI 生成的概率',
      logit: 'Logit',
      views: '评分的视图数',
      decode: '解码',
      encode: '编码',
      bytes: '文件大小（字节）',
      sha256: 'SHA-256',
      model: '模型',
      weights: '权重，SHA-256',
      calibration: '校准',
      adapter: 'GPU',
      selfTest: '自检',
      selfTestResult: { passed: '通过', 'fell-back': 'WebGPU 未通过，CPU 通过' },
    },

    caveats: {
      summary: '它能告诉您什么，不能告诉您什么',
      points: [
        {
          title: '它给出的是证据，不是证明',
          text: '一个视觉模型将图像与它从数千张生成图像和相机拍摄图像中学到的内容进行比较，并报告图像与生成图像的相似程度，以及此类报告出错的频率。',
        },
        {
          title: '迹象很少并不能证明什么',
          text: '新的生成器、大幅编辑、屏幕截图和反复压缩都可能掩盖所有痕迹。即使没有 AI，图像也可能因说明文字、裁剪或日期而误导人。',
        },
        {
          title: '它不擅长发现小的改动',
          text: '它从整体上判断图像。在一张其余部分未经改动的照片中，换脸或添加的物体可能不会被发现。',
        },
        {
          title: '技术质量是另一回事',
          text: '指模型所见的模糊、噪点、压缩与放大程度。它不代表美感，也不是 AI 迹象，绝不影响判断结果。',
        },
        {
          title: '切勿仅凭此指责他人',
          text: '在大量诚实的图像中，即使罕见的错误也会落到某人头上。请询问图像的出处，寻找原图，并与其他报道比较。',
        },
      ],
    },

    error: {
      headline: {
        decode: '不是可读取的图像',
        unsupported: '不支持此类图像',
        limit: '图像过大',
        network: '无法获取',
        aborted: '已取消',
        other: '无法分析',
      },
      advice: {
        decode: '文件可能已损坏、不完整，或只是用了图像的文件名。请尝试原始文件。',
        unsupported: '请另存为 JPEG、PNG、WebP、GIF、BMP 或 TIFF 后重试。',
        limit: '请保存一个较小的版本后重试。',
        'weights-corrupt': '请绕过缓存重新加载页面，或稍后重试。',
        network: '请检查连接后重试。',
        'no-gpu': '请改用 CPU。',
        'device-lost': '请重新加载页面后重试。',
        internal: '这是我们的错误。请重新加载页面；如果再次发生，请附上上面的信息进行报告。',
        argument: '这是页面的错误，与图像无关。',
        aborted: '没有进行计算。如需结果，请重新检查该图像。',
      },
    },

    card: {
      remove: (file) => `移除 ${l.isolate(file)}`,
      unnamed: '图像',
      queued: '排队等候中',
      loading: '正在等待模型',
      working: '正在分析',
      announce: (file, headline, rest) => `${l.isolate(file)}：${headline}。${rest}`,
    },

    status: {
      loading: '正在加载模型',
      fellBackReason: '出了什么问题',
      core: '正在为本设备做准备……',
      weights: (loaded, total) => `正在加载模型：${l.bytes(loaded)} / ${l.bytes(total)}`,
      selfTest: '正在检验本设备的计算是否正确……',
      fallback: 'WebGPU 在此失败。正在改用 CPU 重新开始……',
      ready: { webgpu: '已就绪，使用本设备的 GPU', cpu: '已就绪，使用本设备的 CPU' },
      fellBack: 'WebGPU 在此无法正确工作，因此使用 CPU。结果相同，只是较慢。',
      notStored: '浏览器没有提供保存模型的空间。模型从内存运行，下次访问时将重新加载。',
      failed: '无法启动检测器。',
      unsuitable: '此模型无法在这里使用。请选择其他模型，或更新浏览器。',
      retry: '重试',
    },

    check: {
      label: { one: '检查图像的 AI 迹象', many: '检查图像的 AI 迹象' },
      drop: { one: '将图像拖放到这里', many: '将图像拖放到这里' },
      dropOrPaste: { one: '将图像拖放或粘贴到这里', many: '将图像拖放或粘贴到这里' },
      choose: { one: '选择图像', many: '选择图像' },
      over: '松开即可检查',
      formats: (bytes) => `JPEG、PNG、WebP、GIF、BMP 或 TIFF，最大 ${bytes}`,
      privacy: '不会上传任何内容：图像只在本设备上读取和判断。',
      noFiles: '这不是图像文件。请先保存图像，再将文件拖放到这里。',
      pasteEmpty: '剪贴板中没有图像。请复制图像本身而非其地址，然后重新粘贴。',
      pasted: '粘贴的图像',
      results: '结果',
      clear: '清空',
    },
  };
};
