# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base URL of a CommCell's REST API: what users write, made into what requests need."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import ipaddress
import re
import typing as t
from urllib.parse import urlsplit, urlunsplit

from .._errors import InvalidInput

# What Commvault documents as roots of its REST API
# (https://documentation.commvault.com/2024e/essential/available_web_services_for_rest_api.html,
# https://docs.metallic.io/metallic/rest_api.html).
USUAL_BASE_URLS = (
    "https://HOST/commandcenter/api",
    "https://HOST/webconsole/api (releases before 2024E)",
    "http://WEBSERVER:81/SearchSvc/CVWebService.svc",
    "https://api.metallic.io (Commvault Cloud)",
)
DEFAULT_PATH = "/commandcenter/api"
SAAS_GATEWAYS = frozenset(["api.metallic.io", "api.commvault.com"])

_HOST = re.compile(r"^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$", re.IGNORECASE)
_COMMAND_CENTER_API = re.compile(r"/(commandcenter|webconsole)/api$", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST.match(host)) and all(0 < len(label) < 64 for label in host.rstrip(".").split("."))
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return True


class BaseUrl(t.NamedTuple):
    """Where the API is.

    Attributes:
        url: Without trailing slash, ready to have a path appended.
        host: Without port.
        plain: Whether it is http instead of https.
    """

    url: str
    host: str
    plain: bool

    def command_center(self) -> str | None:
        """The root of the Command Center that belongs to this API root; None where its address is not known, as for
        Commvault Cloud and for a web server.
        """
        root, changes = _COMMAND_CENTER_API.subn("", self.url)
        return root if changes else None


def parse_base_url(text: str, allow_http: bool = False) -> BaseUrl:
    """Check and complete the option url.

    Args:
        text: A bare host name, or a URL with or without path.
        allow_http: Whether plain http to other machines than this one is accepted.

    Raises:
        InvalidInput: It is not such a URL. The text is only quoted where it cannot hold a password.
    """
    text = text.strip()
    if not text:
        raise InvalidInput(
            "url is empty. Give the base URL of the CommCell's REST API, such as https://HOST/commandcenter/api, "
            "or set the environment variable COMMVAULT_URL."
        )
    if "@" in text:
        raise InvalidInput(
            "url must not hold a user name or password (found '@'). Use the options made for credentials."
        )
    if "://" not in text and re.match(r"https?:(?!\d)", text, re.IGNORECASE):
        raise InvalidInput(f"url {text!r} must begin with https:// (or http://), or be a bare host name.")
    if re.search(r"[\x00-\x20\x7f]", text):
        raise InvalidInput("url contains a blank or a control character.")
    try:
        parts = urlsplit(text if "://" in text else "https://" + text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidInput(f"url {text!r} is not a URL: its host or port cannot be read.") from None
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise InvalidInput("url must not have a query ('?') or a fragment ('#'); give the base URL alone.")
    if parts.scheme not in ("http", "https"):
        raise InvalidInput(f"url {text!r} must begin with https:// (or http://), or be a bare host name.")
    if not _is_host(host) or port == 0:
        raise InvalidInput(f"url {text!r} has no usable host name.")
    plain = parts.scheme == "http"
    if plain and not allow_http and not is_loopback(host):
        raise InvalidInput(
            f"url {text!r} is plain http: the credentials would cross the network readable by anyone. Use https, or"
            f" set allow_http: true if the network between here and {host} is trusted."
        )
    path = parts.path.rstrip("/")
    if not path and host.lower() not in SAAS_GATEWAYS:
        path = DEFAULT_PATH
    return BaseUrl(urlunsplit((parts.scheme, parts.netloc, path, "", "")), host.lower(), plain)


def without_query(url: str) -> str:
    """A URL that may be shown: no query, no fragment, no user information."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
