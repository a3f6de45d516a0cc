import { launchFirefox } from './tests/web/support/marionette.mjs';
import { startSites } from './tests/web/support/extension.mjs';
import { folderOf } from './scripts/lib/extension.mjs';
import { readFile } from 'node:fs/promises';
const jpeg=await readFile('/work/wt-ext/tests/fixtures/image/decode/exif-1.jpg');
const img={type:'image/jpeg',body:jpeg};
const s=await startSites({'/image.jpg':img});
s.answers['/page.html']={type:'text/html',body:`<img id=same src=/image.jpg width=200 height=200><img id=cross src="${s.url('cdn.test','/image.jpg')}" width=200 height=200>`};
const f=await launchFirefox('firefox-esr',{'network.dns.localDomains':'site.test,cdn.test'});
try{
await f.send('Addon:Install',{path:folderOf('firefox'),temporary:true});
await f.send('WebDriver:SetTimeouts',{script:60000});
await f.send('Marionette:SetContext',{value:'content'});
await f.send('WebDriver:Navigate',{url:s.url('site.test','/page.html')});
for (const id of ['same','cross']) {
 await f.send('Marionette:SetContext',{value:'content'});
 const el=(await f.send('WebDriver:FindElement',{using:'css selector',value:'#'+id})).value;
 s.seen.length=0;
 await f.send('WebDriver:PerformActions',{actions:[{type:'pointer',id:'m',parameters:{pointerType:'mouse'},actions:[{type:'pointerMove',origin:el,x:0,y:0},{type:'pointerDown',button:2},{type:'pointerUp',button:2}]}]});
 console.log(await f.run('chrome',`
  const menu=document.getElementById('contentAreaContextMenu');
  for(let i=0;i<100&&menu.state!=='open';i++) await new Promise(r=>setTimeout(r,50));
  const item=[...menu.querySelectorAll('menuitem')].find(m=>m.label==='Check this image');
  const labels=[...menu.children].filter(m=>!m.hidden).map(m=>m.label);
  if(!item) return 'none '+menu.state+labels;
  menu.activateItem(item);
  await new Promise(r=>setTimeout(r,3000));
  const n=document.getElementById('notification-popup'); 
  const prompt=n.state+' '+[...n.children].map(c=>c.id+':'+c.textContent.slice(0,100)+c.getAttribute('buttonlabel'));
  if(n.state==='open'){ n.firstElementChild.secondaryButton.click(); }
  await new Promise(r=>setTimeout(r,3000));
  const sb=document.getElementById('sidebar');
  const inner=sb?.contentDocument?.getElementById('webext-panels-browser');
  return JSON.stringify({prompt, side:SidebarController.isOpen, id:SidebarController.currentID, inner: inner?.currentURI?.spec});`));
 await new Promise(r=>setTimeout(r,4000));
 console.log(s.seen.map(x=>x.host+x.path+' '+(x.headers.origin??'')+(x.headers.referer??'')));
 console.log(await f.run('chrome',`
  const inner=document.getElementById('sidebar').contentDocument.getElementById('webext-panels-browser');
  return await inner.browsingContext.currentWindowGlobal.getActor('MarionetteCommands') ? 'actor' : 'x'`).catch(String));
}
const msgs=await f.run('chrome',`return Services.console.getMessageArray().map(String).filter(m=>/moz-extension/i.test(m)).slice(-30)`); console.log(msgs.join('\n'));
} catch(e){console.log(e)} finally{await f.stop(); await s.close()}
