/** A script that does nothing but say, as all of these do, when it was done and how many kilobytes of memory it took at most. */
process.stdout.write(`${performance.timeOrigin + performance.now()} ${process.resourceUsage().maxRSS}`);
