"""Verifies requests with the published Python package: a JSON object a line in, `true` or `false` a line out."""

import base64
import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    case = json.loads(line)
    try:
        Webhook(case["secret"]).verify(base64.b64decode(case["body"]), case["headers"])
        print("true")
    except WebhookVerificationError:
        print("false")
