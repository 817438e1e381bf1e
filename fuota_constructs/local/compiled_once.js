"use strict";
// Loaded before the CDK CLI: what Node.js compiles of its 15 MB is kept beside it for the next run.
require("node:module").enableCompileCache(process.env.FUOTA_COMPILED_CLI);
