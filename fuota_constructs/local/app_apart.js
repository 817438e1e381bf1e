"use strict";
// Loaded before a CDK CLI that may ask on the terminal, whose Ctrl-C everything in the terminal's group gets: the app
// is in a group of its own, so that it shows no traceback, and ends when the CDK CLI is ended.

const childProcess = require("child_process");

const apart = new Set();
const spawn = childProcess.spawn;

childProcess.spawn = function (command, ...rest) {
  const options = rest.at(-1);
  if (options?.stdio?.[0] !== "ignore") return spawn(command, ...rest); // another group may not read the terminal
  const child = spawn(command, ...rest.slice(0, -1), { ...options, detached: true });
  apart.add(child.pid);
  child.once("exit", () => apart.delete(child.pid));
  return child;
};

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    for (const pid of apart) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
    process.exit(130);
  });
}
