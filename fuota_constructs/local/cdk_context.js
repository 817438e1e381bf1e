"use strict";
// Loaded before the CDK CLI: what it looks up is for the local cloud, and must not end up in the app's
// cdk.context.json, where the next synthesis for AWS would take it for the truth. There is no option for that.
require("./mapped_paths.js").install([[process.env.FUOTA_CONTEXT_OF_APP, [process.env.FUOTA_CONTEXT_OF_RUN]]]);
