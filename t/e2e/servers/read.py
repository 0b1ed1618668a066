# How Python reads paths: by urllib.parse alone, and as Cinder's API does, whose
# router is made of the same routes.  In: a JSON list of strings, one character
# a byte.  Out: a list of [readings, {method: action}].

import json
import posixpath
import sys
from urllib.parse import unquote, urlparse

import routes

PROJECT = r'{project_id:[0-9a-f\-]+}'
METHODS = ('GET', 'POST', 'PUT')


def router():
    mapper = routes.Mapper()

    for prefix in ('/%s' % PROJECT, ''):
        mapper.resource('snapshot', 'snapshots', controller='snapshots',
                        path_prefix=prefix, collection={'detail': 'GET'},
                        member={'action': 'POST'},
                        requirements={'format': 'json|xml'})

    return mapper


def plain(path):
    return unquote(path, 'latin-1')


READINGS = (
    plain,                                          # what WSGI servers pass on
    lambda path: plain(path.split()[0]),            # a request line is split
    lambda path: urlparse(path).path,
    lambda path: plain(urlparse(path).path),
    lambda path: urlparse(plain(path)).path,
    lambda path: plain(urlparse(plain(path)).path),
    lambda path: posixpath.normpath(plain(path)),
    lambda path: plain(plain(path)),
)


def attempt(reading, path):
    try:
        return [reading(path)]
    except (ValueError, IndexError):
        return []


# a version is cut off by paste's URL map, as it is

def action(mapper, path, method):
    for version in ('v3', 'v2'):
        if path.startswith('/%s/' % version):
            found = mapper.match(path[len(version) + 1:],
                                 {'REQUEST_METHOD': method})
            return found and '%s %s' % (version, found['action'])

    return None


def main():
    mapper = router()
    out = []

    for path in json.load(sys.stdin):
        readings = [r for f in READINGS for r in attempt(f, path)]
        actions = {m: sorted({a for r in readings
                              for a in [action(mapper, r, m)] if a})
                   for m in METHODS}
        out.append([readings, actions])

    json.dump(out, sys.stdout)


main()
