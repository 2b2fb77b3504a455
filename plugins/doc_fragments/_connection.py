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
        except for the gateways of Commvault Cloud V(https://api.metallic.io) and V(https://api.commvault.com). The
        module does not change a path.
      - Older releases have the API at V(https://HOST/webconsole/api), a web server directly at
        V(http://WEBSERVER:81/SearchSvc/CVWebService.svc).
      - If not set, the value of the environment variable E(COMMVAULT_URL) is used. One of the two is required.
    type: str
  auth_token:
    description:
      - Access token, or the token of a login, exactly as Commvault issued it. The module does not renew it, and fails
        when it expires.
      - The module needs one kind of credentials, O(auth_token), O(token_file), or O(username) with O(password). Options
        override environment variables. In the environment, the first of these kinds has priority.
      - If not set, the value of the environment variable E(COMMVAULT_AUTH_TOKEN) is used. Prefer the environment,
        because Ansible writes it to no file.
    type: str
  auth_scheme:
    description:
      - Header for an access token in O(auth_token) or O(token_file).
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
      - Name of the user who logs in, with O(password). The module logs in before its first request, renews the login if
        necessary, and logs out at its end.
      - To share one login between tasks, use M(rdsops.commvault.login).
      - If not set, the value of the environment variable E(COMMVAULT_USERNAME) is used.
    type: str
  password:
    description:
      - Password of O(username).
      - The module sends a wrong password once, because Commvault locks accounts after a few attempts.
      - If not set, the value of the environment variable E(COMMVAULT_PASSWORD) is used.
    type: str
  domain:
    description:
      - Directory domain of O(username). Not needed for local users, or if the name contains the domain, such as
        V(DOMAIN\\user) or an e-mail address.
      - If not set, the value of the environment variable E(COMMVAULT_DOMAIN) is used.
    type: str
  token_file:
    description:
      - File with tokens that the module may renew, on the machine where it runs.
      - Either JSON with C(accessToken) and C(refreshToken), as Commvault shows them for a new access token, or the
        session of M(rdsops.commvault.login).
      - The module renews expired tokens and replaces the file, one process at a time. The file must be a regular file
        with mode V(0600) that belongs to the user who runs the task, in a directory where that user may create files.
      - If the file has a C(url), the module only uses it for that URL.
      - If not set, the value of the environment variable E(COMMVAULT_TOKEN_FILE) is used.
    type: path
  validate_certs:
    description:
      - Whether to verify the server's TLS certificate.
      - Prefer O(ca_path) to V(false); without verification, any server can get the credentials.
      - If not set, the value of the environment variable E(COMMVAULT_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - File or directory with certificates of the certification authorities (CA) to trust, in PEM format.
      - It replaces the default ones, and those of E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE).
      - If not set, the value of the environment variable E(COMMVAULT_CA_PATH) is used.
    type: path
  timeout:
    description:
      - Seconds to wait for a connection, and seconds to wait for an answer.
      - If not set, the value of the environment variable E(COMMVAULT_TIMEOUT) is used.
    type: float
    default: 60
  read_retries:
    description:
      - How often to repeat a read, or an attempt to connect, after a temporary fault.
      - The module repeats a request that starts or changes something only if the server certainly did not carry it out.
    type: int
    default: 3
  allow_http:
    description: Whether to send credentials over plain C(http). For this machine itself, that is always allowed.
    type: bool
    default: false
  commcell_profile:
    description:
      - Differences of your CommCell, as M(rdsops.commvault.commcell_check) proposes them.
      - A mapping, the same as JSON, or the path of a JSON file with it, such as the doctor's report.
      - The guide on the doctor describes its keys.
      - If not set, the value of the environment variable E(COMMVAULT_PROFILE) is used.
    type: raw
requirements:
  - requests >= 2.25.1
  - urllib3 >= 1.26.5
notes:
  - Run the module on the controller (C(hosts=localhost), C(connection=local) or C(delegate_to=localhost)), where the
    environment variables are set, unless only another machine can reach the CommCell.
  - On the controller, the module runs in Ansible's own process, which is faster and keeps options out of files. With
    C(async), C(become), C(environment) or another C(ansible_python_interpreter) than Ansible's own, it runs like other
    modules.
  - An environment variable or an option that is an empty string counts as not set.
  - Proxies come from the usual environment variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY). The module does not
    use the file C(~/.netrc) and does not follow redirects.
seealso:
  - name: Commvault REST API
    description: Reference of the vendor.
    link: https://api.commvault.com
"""
