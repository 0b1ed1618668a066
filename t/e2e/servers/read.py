# How Python reads paths: by urllib.parse alone, and as Cinder's API does, whose
# router is made of the same routes.  In: a JSON list of strings, one character
# a byte.  Out: a list of [readings, {method: {action: 1}}], where a reading is
# [path, 1 where a tab or a line break was dropped], and an action has a 1 where
# all that lead to it are such.

import json
import posixpath
import re
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


class Parser:
    """urlparse(), which drops tabs and line breaks wherever they are"""

    dropped = 0

    def path(self, path):
        if re.search(r'[\t\n\r]', path):
            self.dropped = 1

        return urlparse(path).path


parser = Parser()

READINGS = (
    plain,                                          # what WSGI servers pass on
    lambda path: plain(path.split()[0]),            # a request line is split
    lambda path: parser.path(path),
    lambda path: plain(parser.path(path)),
    lambda path: parser.path(plain(path)),
    lambda path: plain(parser.path(plain(path))),
    lambda path: posixpath.normpath(plain(path)),
    lambda path: plain(plain(path)),
)


def attempt(reading, path):
    parser.dropped = 0

    try:
        read = reading(path)
        return [[read, parser.dropped]]
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
        actions = {}

        for method in METHODS:
            found = actions[method] = {}

            for read, dropped in readings:
                a = action(mapper, read, method)

                if a:
                    found[a] = found.get(a, 1) & dropped

        out.append([readings, actions])

    json.dump(out, sys.stdout)


main()
