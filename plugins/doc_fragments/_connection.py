# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This doc fragment is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - Base URL of the CommCell's REST API, such as V(https://commandcenter.example.com/commandcenter/api).
      - A bare host name becomes V(https://HOST/commandcenter/api). A URL without a path gets V(/commandcenter/api),
        except for the gateways of Commvault Cloud V(https://api.metallic.io) and V(https://api.commvault.com). A path
        is kept as it is.
      - Older releases answer at V(https://HOST/webconsole/api), a web server directly at
        V(http://WEBSERVER:81/SearchSvc/CVWebService.svc).
      - If not set, the value of the environment variable E(COMMVAULT_URL) is used. Needed one way or the other.
    type: str
  auth_token:
    description:
      - Token that authenticates the requests, an access token or the token of a login, exactly as Commvault gave it
        out. It is used as it is; when it expires, the module fails.
      - One kind of credentials is needed, O(auth_token), O(token_file), or O(username) with O(password). Options beat
        the environment variables of another kind. Of several kinds in the environment, the first of these counts.
      - If not set, the value of the environment variable E(COMMVAULT_AUTH_TOKEN) is used. The environment is the
        better way, since nothing of it is written down anywhere.
    type: str
  auth_scheme:
    description:
      - How an access token in O(auth_token) or O(token_file) is sent.
      - V(authtoken) sends the header C(Authtoken), as Commvault documents it for this API.
      - V(bearer) sends the header C(Authorization) with C(Bearer) before the token, which Commvault documents for
        access tokens.
      - If not set, the value of the environment variable E(COMMVAULT_AUTH_SCHEME) is used.
    type: str
    choices:
      - authtoken
      - bearer
    default: authtoken
  username:
    description:
      - Name of the user who logs in, with O(password). The module logs in when it sends its first request, renews the
        login where it runs for long, and logs out at its end.
      - Several tasks share one login with M(rdsops.commvault.login).
      - If not set, the value of the environment variable E(COMMVAULT_USERNAME) is used.
    type: str
  password:
    description:
      - Password of O(username).
      - A wrong one is sent once, and not again, since Commvault locks accounts after a few.
      - If not set, the value of the environment variable E(COMMVAULT_PASSWORD) is used.
    type: str
  domain:
    description:
      - Directory domain of O(username). Not needed for local users, and for names that hold the domain, such as
        V(DOMAIN\\user) and e-mail addresses.
      - If not set, the value of the environment variable E(COMMVAULT_DOMAIN) is used.
    type: str
  token_file:
    description:
      - File with tokens that the module may renew, on the machine where it runs.
      - Either JSON with C(accessToken) and C(refreshToken), as Commvault shows them when an access token is made, or
        the session of M(rdsops.commvault.login).
      - The module renews expired tokens and replaces the file, one process at a time. The file must be a regular file
        with mode V(0600) that belongs to the user who runs the task, in a directory where that user may create files.
      - If it names a C(url), it is only used for that URL.
      - If not set, the value of the environment variable E(COMMVAULT_TOKEN_FILE) is used.
    type: path
  validate_certs:
    description:
      - Whether the server must prove by its certificate that it is the CommCell.
      - Use O(ca_path) rather than switching this off; without the proof, the credentials go to whatever answers.
      - If not set, the value of the environment variable E(COMMVAULT_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - File or directory with certificates of the certification authorities (CA) to trust, in PEM format.
      - It replaces the usual ones, and those named by E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE).
      - If not set, the value of the environment variable E(COMMVAULT_CA_PATH) is used.
    type: path
  timeout:
    description:
      - How many seconds to wait for a connection, and how many to wait for an answer.
      - If not set, the value of the environment variable E(COMMVAULT_TIMEOUT) is used.
    type: float
    default: 60
  read_retries:
    description:
      - How often a request that only reads is repeated after a passing fault, and how often an attempt to connect is.
      - A request that starts or changes something is never repeated, unless it is certain that the first one was not
        carried out.
    type: int
    default: 3
  allow_http:
    description:
      - Whether the credentials may be sent over plain C(http). To this machine itself they always may.
    type: bool
    default: false
  commcell_profile:
    description:
      - How your CommCell differs from what this collection assumes, as M(rdsops.commvault.commcell_check) proposes it.
      - A mapping, the same as JSON, or the path of a JSON file with it, such as the doctor's report.
      - See the guide on the doctor for its keys.
      - If not set, the value of the environment variable E(COMMVAULT_PROFILE) is used.
    type: raw
requirements:
  - requests >= 2.25
notes:
  - The module runs where its task runs. Run it on the controller (C(connection=local), C(delegate_to=localhost) or
    C(hosts=localhost)), where the environment variables are set, unless only another machine reaches the CommCell.
  - For a task of the controller itself, the work is done in Ansible's own process, which is faster and keeps options
    out of files. With C(async), C(become), C(environment) or another C(ansible_python_interpreter) than Ansible's own,
    a module is packed and run as everywhere else.
  - An environment variable or an option that is set to an empty string counts as not set.
  - Proxies are taken from the usual environment variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY).
    The file C(~/.netrc) is not used. Redirects are not followed.
seealso:
  - name: Commvault REST API
    description: Reference of the vendor.
    link: https://api.commvault.com
"""
