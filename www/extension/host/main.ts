import { host } from './host.js';

host(() => {
  window.close();
});
