"""What a customer of Leanbe does in Python: cuts the bytes of the payload out of the body and never parses them.

Each line of the input is an object {secret, body}, the body in base64; it is answered with the signature that the body
should carry and the one it does.
"""

import base64
import hashlib
import hmac
import json
import re
import sys

BODY = re.compile(
    rb'\{"payload":(.*),"event":"[^"]*","triggeredAt":"[^"]*","signature":"([0-9a-f]{64})"\}', re.DOTALL
)

for line in sys.stdin:
    case = json.loads(line)
    parts = BODY.fullmatch(base64.b64decode(case["body"]))
    answer = {"computed": None, "claimed": None}
    if parts is not None:
        payload, claimed = parts.groups()
        computed = hmac.new(case["secret"].encode(), payload, hashlib.sha256).hexdigest()
        answer = {"computed": computed, "claimed": claimed.decode()}
    print(json.dumps(answer), flush=True)
