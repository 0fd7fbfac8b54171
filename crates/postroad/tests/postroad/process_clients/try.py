"""Publishes an event, lists its deliveries and is refused, by the generated client; prints what it learnt as JSON."""

import json
import sys

from postroad_client import AuthenticatedClient
from postroad_client.api.deliveries import list_deliveries
from postroad_client.api.events import publish_event
from postroad_client.models import Accepted, DeliveryList, NewEvent, Problem

url, key, tenant = sys.argv[1:]
client = AuthenticatedClient(url, token=key)

event = NewEvent(type_="lead.created", data={"id": 7})
accepted = publish_event.sync(tenant, client=client, body=event, idempotency_key="lead-7-created")
assert isinstance(accepted, Accepted), accepted

deliveries = list_deliveries.sync(tenant, client=client, limit=5)
assert isinstance(deliveries, DeliveryList), deliveries
listed = [event for delivery in deliveries.data for event in delivery.events]

wrong = NewEvent(type_="lead.created", data=None, id="")
refused = publish_event.sync(tenant, client=client, body=wrong)
assert isinstance(refused, Problem), refused

problem = {"code": refused.code.value, "status": refused.status, "field": refused.errors[0].field}
print(json.dumps({"accepted": accepted.to_dict(), "listed": listed, "refused": problem}))
