// Runs webpack through its own interface: its command line needs a newer Node than we ask for.
import webpack from 'webpack';
import config from '../../webpack.config.js';

webpack(config, (error, stats) => {
  if (error) throw error;
  console.log(
    stats.toString({
      preset: stats.hasErrors() || stats.hasWarnings() ? 'normal' : 'errors-warnings',
      colors: process.stdout.isTTY,
    }),
  );
  if (stats.hasErrors()) process.exitCode = 1;
});
