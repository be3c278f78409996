"""django-cas-server with one user, on a port of this machine, for one service and without anything from the network.

    cas.py PORT SERVICE_PATTERN USER PASSWORD ATTRIBUTE=VALUE...
"""

import re
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

port, pattern, user, password = sys.argv[1:5]
attributes = dict(pair.split("=", 1) for pair in sys.argv[5:])

settings.configure(
    SECRET_KEY="for one test",
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "cas_server",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.locale.LocaleMiddleware",
    ],
    TEMPLATES=[
        {
            "APP_DIRS": True,
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    # One connection for all threads: single logout is sent from another one.
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:cas?mode=memory&cache=shared"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SESSION_ENGINE="django.contrib.sessions.backends.db",
    LANGUAGE_CODE="en",
    USE_TZ=True,
    STATIC_URL="/static/",
    CAS_AUTH_CLASS="cas_server.auth.TestAuthUser",
    CAS_TEST_USER=user,
    CAS_TEST_PASSWORD=password,
    CAS_TEST_ATTRIBUTES=attributes,
    CAS_COMPONENT_URLS=dict.fromkeys(
        ["bootstrap3_css", "bootstrap3_js", "html5shiv", "respond", "bootstrap4_css", "bootstrap4_js", "jquery"],
        "/static/none",
    ),
    CAS_NEW_VERSION_HTML_WARNING=False,
    CAS_NEW_VERSION_EMAIL_WARNING=False,
)
django.setup()
urlpatterns = [path("cas/", include("cas_server.urls", namespace="cas_server"))]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


call_command("migrate", verbosity=0)
from cas_server.models import ReplaceAttributName, ServicePattern  # noqa: E402 (only once Django is set up)

service = ServicePattern.objects.create(name="test", pattern="^" + re.escape(pattern), single_log_out=True)
for name in attributes:
    ReplaceAttributName.objects.create(name=name, service_pattern=service)
with make_server("127.0.0.1", int(port), get_wsgi_application(), handler_class=Quiet) as server:
    print("ready", flush=True)
    server.serve_forever()
