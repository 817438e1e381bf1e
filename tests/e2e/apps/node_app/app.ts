// What a synthesis leaves behind, without the CDK: whether it is made by Node.js is the question here.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, string> }>;
}

const template: Template = {
  Resources: { Parameter: { Type: "AWS::SSM::Parameter", Properties: { Name: "/node-app", Type: "String", Value: "made" } } },
};
const manifest = {
  version: "36.0.0",
  artifacts: {
    NodeApp: {
      type: "aws:cloudformation:stack",
      environment: `aws://${process.env.CDK_DEFAULT_ACCOUNT}/${process.env.CDK_DEFAULT_REGION}`,
      properties: { templateFile: "NodeApp.template.json" },
    },
  },
};
const outdir = process.env.CDK_OUTDIR!;
writeFileSync(join(outdir, "NodeApp.template.json"), JSON.stringify(template));
writeFileSync(join(outdir, "manifest.json"), JSON.stringify(manifest));
