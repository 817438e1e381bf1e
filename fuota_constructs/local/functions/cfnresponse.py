"""What AWS gives inline Python functions to answer CloudFormation with: the module `cfnresponse`.

Same names, parameters and answer as AWS CloudFormation User Guide, "cfn-response module". It is copied into the archive
of the function and runs there: standard library only.
"""

import json
import urllib.request
from typing import Any

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(  # noqa: PLR0917  # the parameters are AWS's
    event: dict[str, Any],
    context: Any,
    responseStatus: str,  # noqa: N803  # AWS's name
    responseData: Any,  # noqa: N803  # AWS's name
    physicalResourceId: str | None = None,  # noqa: N803  # AWS's name
    noEcho: bool = False,  # noqa: N803  # AWS's name
    reason: str | None = None,
) -> None:
    """Answer CloudFormation; an answer that does not get there is printed, not raised."""
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    body = json.dumps(answer).encode()
    request = urllib.request.Request(  # noqa: S310  # the link of CloudFormation
        event["ResponseURL"], data=body, method="PUT", headers={"Content-Type": ""}
    )
    try:
        urllib.request.urlopen(request).close()  # noqa: S310  # as above
    except OSError as error:
        print("send(..) failed executing http.request(..):", error)  # noqa: T201  # into the log of the function
