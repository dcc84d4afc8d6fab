"""Encodes and decodes a document of a few thousand values as JSON, many times."""

import json
import sys

document = {
    "users": [
        {"id": i, "name": f"User {i}", "email": f"user{i}@example.com", "score": i / 7, "active": i % 3 == 0, "tags": ["a", "ü", None]}
        for i in range(1000)
    ]
}

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
value = document
for _ in range(rounds):
    value = json.loads(json.dumps(value))
if value != document:
    sys.exit("the document did not come back as it was")
