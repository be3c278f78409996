"""A learning tool by PyLTI1p3 on a port of this machine, for one platform.

    lti.py PORT PLATFORM [SENDERS]

It is set up by a GET of /setup?client_id=…&deployment_id=…, or registers itself at /register as Dynamic Registration has
it, or finds its key and what it is registered as in the file SENDERS that a demonstration writes. The page of a launch shows what the message says and has a form that posts a score; the page of a deep linking launch
has one that gives a course back. Nothing here is part of the product.
"""

import base64
import datetime
import json
import sys

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, request
from jwcrypto.jwk import JWK
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.tool_config import ToolConfDict

port, platform = sys.argv[1:3]
senders = json.load(open(sys.argv[3], encoding="utf-8")) if len(sys.argv) > 3 else None
here = f"http://localhost:{port}"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"


class Cache:
    """What pylti1p3 keeps between the requests of one launch."""

    def __init__(self):
        self.kept = {}

    def get(self, key):
        return self.kept.get(key)

    def set(self, key, value, timeout=None):
        self.kept[key] = value


if senders:
    private = serialization.load_der_private_key(base64.b64decode(senders["tool"]["key"]), None)
else:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private_pem = private.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
public_pem = private.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
public = json.loads(JWK.from_pem(public_pem).export_public())
public.update({"alg": "RS256", "use": "sig"})

app = Flask(__name__)
cache = Cache()
config = None


def set_up(about, *registered):
    global config
    config = ToolConfDict(
        {
            platform: [
                {
                    "default": place == 0,
                    "client_id": client,
                    "auth_login_url": about["authorization_endpoint"],
                    "auth_token_url": about["token_endpoint"],
                    "key_set_url": about["jwks_uri"],
                    "deployment_ids": [deployment],
                }
                for place, (client, deployment) in enumerate(registered)
            ]
        }
    )
    for client, _ in registered:
        config.set_private_key(platform, private_pem, client_id=client)
        config.set_public_key(platform, public_pem.decode(), client_id=client)


def page(title, body):
    return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>{body}"


def message_of(launch_id):
    return FlaskMessageLaunch.from_cache(
        launch_id, FlaskRequest(), config, launch_data_storage=FlaskCacheDataStorage(cache)
    )


@app.get("/keys")
def keys():
    return jsonify({"keys": [public]})


@app.get("/setup")
def setup():
    about = requests.get(f"{platform}/.well-known/openid-configuration", timeout=5).json()
    set_up(about, (request.args["client_id"], request.args["deployment_id"]))
    return "ready"


@app.get("/register")
def register():
    about = requests.get(request.args["openid_configuration"], timeout=5).json()
    assert about["issuer"] == platform, about
    said = requests.post(
        about["registration_endpoint"],
        headers={"Authorization": "Bearer " + request.args["registration_token"]},
        json={
            "application_type": "web",
            "response_types": ["id_token"],
            "grant_types": ["implicit", "client_credentials"],
            "initiate_login_uri": f"{here}/login",
            "redirect_uris": [f"{here}/launch"],
            "client_name": "Registered tool",
            "jwks_uri": f"{here}/keys",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(about["scopes_supported"]),
            TOOL: {
                "domain": f"localhost:{port}",
                "target_link_uri": f"{here}/launch",
                "claims": ["iss", "sub"],
                "messages": [{"type": "LtiDeepLinkingRequest", "target_link_uri": f"{here}/launch"}],
            },
        },
        timeout=5,
    )
    if said.status_code >= 400:
        return page("Refused", said.text), 502
    set_up(about, (said.json()["client_id"], said.json()[TOOL]["deployment_id"]))
    return page("Registered", "")


@app.route("/login", methods=["GET", "POST"])
def login():
    login = FlaskOIDCLogin(FlaskRequest(), config, launch_data_storage=FlaskCacheDataStorage(cache))
    return login.redirect(f"{here}/launch")


@app.post("/launch")
def launch():
    message = FlaskMessageLaunch(FlaskRequest(), config, launch_data_storage=FlaskCacheDataStorage(cache))
    said = message.get_launch_data()
    kept = f"<input type=hidden name=launch value='{message.get_launch_id()}'>"
    if message.is_deep_link_launch():
        return page("Choose", f"<form method=post action=/choose>{kept}<button>Give back</button></form>")
    members = message.get_nrps().get_members()
    context = said["https://purl.imsglobal.org/spec/lti/claim/context"]
    custom = said.get("https://purl.imsglobal.org/spec/lti/claim/custom", {})
    shown = {
        "subject": said["sub"],
        "name": said.get("name", ""),
        "course": context["title"],
        "chapter": custom.get("chapter", ""),
        "members": [one["user_id"] for one in members],
    }
    form = f"<form method=post action=/score>{kept}<input name=given value=17><button>Hand in</button></form>"
    return page("Launched", f"<pre id=said>{json.dumps(shown)}</pre>{form}")


@app.post("/score")
def score():
    message = message_of(request.form["launch"])
    grades = message.get_ags()
    grade = (
        Grade()
        .set_score_given(float(request.form["given"]))
        .set_score_maximum(20)
        .set_timestamp(datetime.datetime.now(datetime.timezone.utc).isoformat())
        .set_activity_progress("Completed")
        .set_grading_progress("FullyGraded")
        .set_user_id(message.get_launch_data()["sub"])
    )
    grades.put_grade(grade)
    own = grades.find_or_create_lineitem(LineItem().set_tag("practice").set_score_maximum(10).set_label("Practice"))
    shown = {"results": grades.get_grades(), "lines": len(grades.get_lineitems()), "own": own.get_id()}
    return page("Scored", f"<pre id=said>{json.dumps(shown)}</pre>")


@app.post("/choose")
def choose():
    message = message_of(request.form["launch"])
    line = LineItem().set_score_maximum(20).set_label("Final test").set_tag("final")
    course = (
        DeepLinkResource()
        .set_url(f"{here}/launch")
        .set_title("数据分析入门")
        .set_custom_params({"chapter": "7"})
        .set_lineitem(line)
    )
    return message.get_deep_link().output_response_form([course])


if senders:
    clients = [(one["tool"]["client"], one["tool"]["deployment"]) for one in senders["territories"]]
    set_up(requests.get(f"{platform}/.well-known/openid-configuration", timeout=30).json(), *clients)
print("ready", flush=True)
app.run("127.0.0.1", int(port), threaded=True)
