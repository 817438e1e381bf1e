"use strict";
// Loaded before the CDK CLI: between two looks at a stack it sleeps for 5 s, which suits AWS. A stack of the local cloud
// is made in one or two. There is no option for that.
const LONGEST_MS = 300;
const wait = globalThis.setTimeout;
const source = Function.prototype.toString;

// A sleep is a timer that does nothing but resolve a promise: what it calls is a function of the engine, without a name.
// Every other timer stays as it is: time limits of requests, say.
const isSleep = (callback, more) =>
  more.length === 0 && typeof callback === "function" && callback.name === "" && source.call(callback).includes("[native code]");

function setTimeout(callback, milliseconds, ...more) {
  const isLong = milliseconds > LONGEST_MS && isSleep(callback, more);
  return wait(callback, isLong ? LONGEST_MS : milliseconds, ...more);
}

Object.defineProperties(setTimeout, Object.getOwnPropertyDescriptors(wait)); // util.promisify asks it for its own way
globalThis.setTimeout = setTimeout;
