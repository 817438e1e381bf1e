// What AWS gives inline Node.js functions to answer CloudFormation with: the module `cfn-response`, with the names,
// parameters and answer of AWS CloudFormation User Guide, "cfn-response module". It is copied into the function's archive.

exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) =>
  new Promise((resolve) => {
    const done = (error) => {
      if (error) console.log(`send(..) failed executing https.request(..): ${error}`);
      // Runtimes before Node.js 24 end a function by it.
      resolve(typeof context.done === "function" ? context.done() : undefined);
    };
    const body = JSON.stringify({
      Status: responseStatus,
      Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    });
    const url = new URL(event.ResponseURL);
    const { request } = require(url.protocol === "http:" ? "http" : "https");
    const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method: "PUT", headers }, (response) => {
      response.resume();
      response.on("end", () => done());
    });
    sent.on("error", done);
    sent.end(body);
  });
