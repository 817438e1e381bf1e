"use strict";
// Gives a program of Node.js files of its own in the place of some of the machine's, and what it starts as well.
//
// install([[path, [place, ...]], ...], kept): whoever asks for `path`, or for something below it, gets it in the first
// place that has it, else in the first place. What lies below one of `kept` is left alone. Covered is what goes through
// fs, require, import and child_process; a native addon that opens files by itself is not.

const childProcess = require("child_process");
const fs = require("fs");
const module_ = require("module");
const path = require("path");
const { fileURLToPath, pathToFileURL } = require("url");

const ONE_PATH = [
  ...["access", "appendFile", "chmod", "chown", "createReadStream", "createWriteStream", "exists", "lchmod", "lchown"],
  ...["lstat", "lutimes", "mkdir", "mkdtemp", "open", "openAsBlob", "opendir", "readFile", "readdir", "readlink"],
  ...["realpath", "rm", "rmdir", "stat", "statfs", "truncate", "unlink", "unwatchFile", "utimes", "watch", "watchFile"],
  "writeFile",
];
const TWO_PATHS = ["copyFile", "cp", "link", "rename", "symlink"];

function install(pairs, kept = []) {
  const exists = fs.existsSync;
  const below = (asked, folder) => asked === folder || asked.startsWith(folder + path.sep);

  function mapped(asked) {
    const pair = pairs.find(([from]) => below(asked, from));
    if (!pair || kept.some((folder) => below(asked, folder))) return asked;
    const candidates = pair[1].map((place) => place + asked.slice(pair[0].length));
    return candidates.find((candidate) => exists(candidate)) ?? candidates[0] ?? asked;
  }

  function mappedPath(asked) {
    if (asked instanceof URL && asked.protocol === "file:") return pathToFileURL(mappedPath(fileURLToPath(asked)));
    if (Buffer.isBuffer(asked)) return Buffer.from(mappedPath(asked.toString()));
    if (typeof asked !== "string") return asked; // a file descriptor, or an error that is fs's to raise
    const whole = path.resolve(asked);
    const place = mapped(whole);
    return place === whole ? asked : place;
  }

  // In a command line or a list of folders a path ends where a shell or PATH would end it; what is kept is known, and
  // may have blanks.
  const any = (paths) => paths.map((each) => each.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const known = kept.filter((folder) => pairs.some(([from]) => below(folder, from)));
  const keptInText = known.length ? `(?:${any(known)})(?=$|[/\\s:'"(),;&|<>\`])|` : "";
  const roots = any(pairs.map(([from]) => from));
  const mappedInText = `(?:${roots})(?:/[^\\s:'"(),;&|<>\`]*)?(?=$|[\\s:'"(),;&|<>\`])`;
  const inText = new RegExp(`(^|[\\s=:'"(,;&|<>\`])(${keptInText}${mappedInText})`, "g");
  const mappedText = (text) => String(text).replace(inText, (_, before, asked) => before + mapped(asked));

  const replaced = (original, wrapper) =>
    Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  function wrap(object, name, count) {
    const original = object[name];
    if (typeof original !== "function") return;
    object[name] = replaced(original, function (...given) {
      return original.call(this, ...given.slice(0, count).map(mappedPath), ...given.slice(count));
    });
    if (original.native) object[name].native = (asked, ...rest) => original.native(mappedPath(asked), ...rest);
  }
  for (const [names, count] of [[ONE_PATH, 1], [TWO_PATHS, 2]]) {
    for (const name of names) {
      wrap(fs, name, count);
      wrap(fs, `${name}Sync`, count);
      wrap(fs.promises, name, count);
    }
  }

  const mappedEnvironment = (variables) =>
    Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, mappedText(value)]));
  const spawn = childProcess.ChildProcess.prototype.spawn;
  childProcess.ChildProcess.prototype.spawn = function (options) {
    return spawn.call(this, {
      ...options,
      file: mappedPath(options.file),
      args: options.args?.map(mappedText),
      envPairs: options.envPairs?.map(mappedText),
      ...(options.cwd ? { cwd: mappedPath(options.cwd) } : {}),
    });
  };
  for (const name of ["execSync", "execFileSync", "spawnSync"]) {
    const original = childProcess[name];
    childProcess[name] = function (command, ...rest) {
      const list = Array.isArray(rest[0]) ? [rest.shift().map(mappedText)] : [];
      const options = { ...rest[0] };
      options.env = mappedEnvironment(options.env ?? process.env);
      if (options.cwd) options.cwd = mappedPath(options.cwd);
      return original.call(this, mappedText(command), ...list, options);
    };
  }

  module_.registerHooks({
    resolve(specifier, context, next) {
      if (path.isAbsolute(specifier)) return next(mappedPath(specifier), context);
      if (specifier.startsWith("file:")) return next(String(mappedPath(new URL(specifier))), context);
      return next(specifier, context);
    },
  });
  module_.syncBuiltinESMExports(); // for `import { readFileSync } from "fs"`
}

module.exports = { install };
