"""Verifies requests with the package that Twilio publishes: a JSON object a line in, a verdict a line out."""

import base64
import json
import sys
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

for line in sys.stdin:
    case = json.loads(line)
    body = base64.b64decode(case["body"]).decode()
    fields = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True, errors="strict"))
    verified = RequestValidator(case["secret"]).validate(case["url"], fields, case["signature"])
    print(json.dumps({"verified": verified, "read": fields}))
