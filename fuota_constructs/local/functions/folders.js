"use strict";
// Runs in the worker of a Lambda function for Node.js before the function is loaded. On AWS a function has /tmp to
// itself, and its layers under /opt: here both are folders of the worker, which go with it.

const fs = require("fs");
const module_ = require("module");
const path = require("path");
const { pathToFileURL } = require("url");

const worker = path.dirname(require.main.filename);
const temporary = path.join(worker, "tmp");
const folders = (variable) => (process.env[variable] || "").split(path.delimiter).filter(Boolean);
const certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"].flatMap(folders);
const sdk = folders("NODE_PATH").at(-1);
// The cloud itself may lie under /tmp.
const cloud = path.dirname(path.dirname(worker));
const node = path.dirname(path.dirname(process.execPath));
const machine = [cloud, node, path.dirname(__dirname), ...folders("PATH"), ...folders("NODE_PATH"), ...certificates];

if (!process.noDeprecation) process.noDeprecation = true; // or MiniStack's url.parse is in the log of every function
fs.mkdirSync(temporary, { recursive: true });
Object.assign(process.env, { TMPDIR: temporary, HOME: temporary, npm_config_cache: path.join(temporary, ".npm") });
const layers = folders("_LAMBDA_LAYERS_DIRS").reverse(); // of two layers the later one wins
require("../mapped_paths.js").install([["/tmp", [temporary]], ["/opt", layers]], machine);

module_.registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      if (!["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error.code) || /^[./]|^\w+:/.test(specifier)) throw error;
      if (error.code === "ERR_MODULE_NOT_FOUND") {
        // AWS's runtimes look into NODE_PATH for ES modules as well; Node.js itself does so for require only.
        const found = module_.createRequire(path.join(worker, "code", "index.js")).resolve(specifier);
        return { url: pathToFileURL(found).href, shortCircuit: true };
      }
      if (!specifier.startsWith("@aws-sdk/")) throw error;
      const reason = fs.existsSync(sdk) ? "is not among the clients" : "is not here: the cloud's log says why nothing is";
      throw new Error(`${specifier} ${reason} of the AWS SDK that the local cloud has; bundle it with the function`);
    }
  },
});
