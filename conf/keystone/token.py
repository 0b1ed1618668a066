"""Says whose a token is: the token service of tenants.conf.

Keystone's own middleware asks Keystone, as it does in Cinder.  The answer has
the project, the user and the roles in headers.  uwsgi.ini runs this file, and
token.conf tells the middleware where Keystone is.
"""

import os

from keystonemiddleware import auth_token


def whose(environ, start_response):
    names = ('X-Project-Id', 'X-User-Id', 'X-Roles')
    found = [(name, environ.get('HTTP_' + name.upper().replace('-', '_'), ''))
             for name in names]

    # a token of a domain, or of none at all, has no project to count for
    status = '200 OK' if found[0][1] else '403 Forbidden'
    start_response(status, found + [('Content-Length', '0')])
    return []


application = auth_token.AuthProtocol(whose, {
    'oslo_config_project': 'token',
    'oslo_config_file': os.environ['TOKEN_CONF'],
})
