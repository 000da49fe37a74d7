"""Amazon's own client against Tollgate, and Tollgate against a Bedrock that checks signatures with Amazon's own code.

The client signs with the key pair of a Tollgate key; Tollgate signs anew with the keys of an account. Both signatures are
those of botocore, or nothing is answered.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from gateway import bedrock as client
from gateway import serving

ACCOUNT = ("AKIDACCOUNT", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
MODEL = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
    "metrics": {"latencyMs": 1},
}


def is_signed_by(account: tuple[str, str], method: str, url: str, headers, body: bytes) -> bool:
    """Whether botocore signs the same request in the same way."""
    claim = headers["authorization"]
    scope, names, signature = (part.split("=", 1)[1] for part in claim.split(" ", 1)[1].split(", "))
    access_key_id, _, region, service, _ = scope.split("/")
    signed = {name: headers[name] for name in names.split(";")}
    request = AWSRequest(method=method, url=url, data=body, headers=signed)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(*account), service, region)
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return access_key_id == account[0] and signature == expected


class Bedrock(BaseHTTPRequestHandler):
    """Answers every request that is signed by the account."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        url = f"http://{self.headers['host']}{self.path}"
        self.server.paths.append(self.path)
        signed = is_signed_by(ACCOUNT, "POST", url, self.headers, body)
        answer = json.dumps(ANSWER if signed else {"message": "The security token is invalid."}).encode()
        self.send_response(200 if signed else 403)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def bedrock():
    with ThreadingHTTPServer(("127.0.0.1", 0), Bedrock) as server:
        server.paths = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def gateway(bedrock, tmp_path_factory):
    """Tollgate before that Bedrock."""
    provider = {
        "base_url": f"http://127.0.0.1:{bedrock.server_port}",
        "credentials": [{"aws": {"access_key_id": ACCOUNT[0], "secret_access_key": ACCOUNT[1]}}],
        "variables": {"region": {"value": "eu-central-1"}},
    }
    routes = {"sonnet": {"target": f"bedrock/{MODEL}"}}
    folder = tmp_path_factory.mktemp("bedrock")
    with serving(folder, {"providers": {"bedrock": provider}, "routes": routes}) as gateway:
        yield gateway


MESSAGES = [{"role": "user", "content": [{"text": "Grüße, {}"}]}]


@pytest.mark.parametrize("model", ["sonnet", f"bedrock/{MODEL}"])
@pytest.mark.parametrize("prefix", ["", "/bedrock"])
def test_a_signed_request_is_believed_and_signed_anew(gateway, bedrock, model, prefix):
    answer = client(gateway.url + prefix, **gateway.pair).converse(modelId=model, messages=MESSAGES)
    assert answer["output"]["message"]["content"] == [{"text": "Hello."}]
    assert bedrock.paths[-1] == f"/model/{MODEL.replace(':', '%3A')}/converse"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"secret_access_key": "x" * 43}, 403), ({"access_key_id": "TGAK" + "x" * 22}, 401)],
)
def test_another_secret_or_another_pair_is_refused(gateway, bedrock, wrong, status):
    asked = len(bedrock.paths)
    with pytest.raises(ClientError) as refused:
        client(gateway.url, **{**gateway.pair, **wrong}).converse(modelId="sonnet", messages=MESSAGES)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(bedrock.paths) == asked
