# A path is read as generously as any server might, and then only the plain
# spelling of an operation is let through.

use strict;
use warnings;

use Test::More;

use Gateway;

my $g = Gateway->new(server => <<'EOG');
        merge_slashes off;

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /volume {
            snapshot_gateway enforce;
            snapshot_prefix /volume;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG

my $p = PROJECT;
my $good = create_body();

# [method, target, code or "accepted", operation]

sub judged {
    my ($method, $target, $expected, $operation, $title) = @_;

    $title //= $target =~ s/([\x00-\x20\x7f-\xff])/sprintf '\\x%02x', ord $1/ger;

    $g->received;

    my $r = $g->request($method, $target, [['Content-Type',
        'application/json']], $method =~ /^P/ ? $good : undef);
    my @got = $g->received;
    my $log = $g->last_logged;

    is($r->{error}{code} // ($r->{status} == 200 ? 'accepted' : $r->{status}),
       $expected, "$method $title: $expected");
    is($log->{operation}, $operation, "$method $title: $operation")
        if defined $operation;
    is(scalar @got, $expected eq 'accepted' ? 1 : 0,
       "$method $title: " . ($expected eq 'accepted' ? 'arrives'
                                                     : 'goes nowhere'));
    is($got[0]{target}, $target, "$method $title: as it was sent")
        if $expected eq 'accepted';
}

my %uri = (v3 => 'EVS.5400', v2 => 'EVS.5400', 'v1.0' => 'DWS.5065');
my %create = (v3 => 'evs_v3_create', v2 => 'evs_v2_create',
              'v1.0' => 'dws_v1_create');

# ways around the collection of each version

for my $v (sort keys %uri) {
    for my $path (
        "//x/$v/$p/snapshots", "///x:80/$v/$p/snapshots",
        "//x\\y/$v/$p/snapshots", "//x\\$v/$p/snapshots",
        "/\\x/$v/$p/snapshots",
        "/$v/$p/snapshots/", "/$v/$p/snapshots//", "//$v/$p/snapshots",
        "/$v//$p/snapshots", "/$v/$p//snapshots", "/./$v/$p/snapshots",
        "/$v/./$p/snapshots", "/$v/$p/./snapshots", "/$v/$p/snapshots/.",
        "/$v/x/../$p/snapshots", "/$v/$p/x/../snapshots",
        "/$v/$p/snapshots/x/..", "/x/../$v/$p/snapshots",
        "/$v/$p/%73napshots", "/$v/$p/snapshot%73", "/$v/$p/%53napshots",
        "/$v/$p%2Fsnapshots", "/$v%2f$p/snapshots", "/%76" . substr($v, 1)
        . "/$p/snapshots", "/$v/$p/%2573napshots", "/$v/$p/%252573napshots",
        "/$v/$p/snapshots%0a", "/$v/$p/snapshots%0d%0a",
        "/$v/$p/snapshots%20", "/$v/$p/snapshots%09", "/$v/$p/snapshots%2f",
        "/$v/$p/snapshots%2520", "/$v/$p/snapshots.json",
        "/$v/$p/snapshots.xml", "/$v/$p/snapshots.", "/$v/$p/snapshots%2ejson",
        "/$v/$p/snapshots.json.gz", "/$v/$p/snapshots;x=1",
        "/$v/$p/snapshots;", "/$v/$p;x/snapshots", "/$v;a/$p/snapshots",
        "/$v/$p/snapshots%3b", "/$v/$p/Snapshots", "/$v/$p/SNAPSHOTS",
        "/" . uc($v) . "/$p/snapshots",
        "/$v\\$p\\snapshots", "/$v/$p%5csnapshots", "/$v/$p/%2e/snapshots",
        "/$v/x/%2e%2e/$p/snapshots", "/$v/x/..;/$p/snapshots",
        "/$v/x/..%20/$p/snapshots", "/$v/$p/snapshots/.json",
        "/$v/$p/snapshots\xa0", "/$v/$p/snapshots\x85", "/$v/$p/snapshots%a0",
        "/$v/$p/snapshots.json\xa0", "/$v/$p\xa0/snapshots",
        "/$v/$p/snapshots/%20", "/$v/$p/snapshots/;", "/$v/$p/snapshots#",
        "/$v/$p/snapshots#?x", "/$v/$p/snapshots%23x", "/$v/$p/snapshots%3Fx",
        "/$v/$p#/snapshots",
    ) {
        judged('POST', $path, $uri{$v}, $create{$v});
    }
}

# nginx itself refuses a NUL; a "#" behind the "?" is a part of the query

judged('POST', "/v3/$p/snapshots%00", 400);
judged('POST', "/v3/$p/snapshots?x#", 'accepted', 'evs_v3_create');
judged('GET', "/v3/$p/snapshots?limit=5#", 'EVS.5400', 'evs_v3_list');
judged('GET', "/v3/$p/snapshots?limit=5#&limit=2000", 'EVS.5400');
judged('GET', "/v3/$p/snapshots?x#&limit=2000", 'EVS.2142', 'evs_v3_list');

# operations with an id, and lists

for my $path ("/v3/$p/snapshots/" . SNAPSHOT . '/', "/v3/$p/snapshots//"
              . SNAPSHOT, "/v3/$p/snapshots/" . SNAPSHOT . '.json',
              "/v3/$p/snapshots/%66" . substr(SNAPSHOT, 1),
              "/v3/$p/snapshots/" . SNAPSHOT . ';x', "/v3/$p/snapshots/"
              . SNAPSHOT . '%0a', "/v3/$p/snapshots/x%2f" . SNAPSHOT . '/..',
              "/v3/$p/snapshots%2F" . SNAPSHOT) {
    judged('PUT', $path, 'EVS.5400', 'evs_v3_update');
}

for my $path ("/v3/$p/snapshots/detail/", "/v3/$p/snapshots/detail.json",
              "/v3/$p/snapshots/de%74ail", "/v3/$p/snapshots/Detail",
              "/v3/$p/snapshots/detail;x", "/v3/$p/snapshots/detail%20",
              "/v3/$p/snapshots//detail", "/v3/$p/snapshots/x/../detail") {
    judged('GET', "$path?limit=5", 'EVS.5400', 'evs_v3_detail');
}

judged('GET', "/v2/$p/snapshots/", 'EVS.5400', 'evs_v2_list');
judged('GET', "/v2/$p/snapshots.json", 'EVS.5400', 'evs_v2_list');

judged('GET', "/v2/$p/snapshots/%252e", 'EVS.5400', 'evs_v2_list');

# ids

judged('PUT', "/v3/$p/snapshots/detail", 'EVS.2045', 'evs_v3_update');
judged('PUT', "/v3/$p/snapshots/Detail", 'EVS.5400', 'evs_v3_update');
judged('PUT', "/v3/$p/snapshots/snapshots", 'EVS.2045', 'evs_v3_update');
judged('PUT', "/v2/$p/snapshots/" . SNAPSHOT . '0', 'EVS.2045');
judged('PUT', "/v3/snapshots/" . SNAPSHOT, 'EVS.0001', 'evs_v3_update');
judged('POST', '/v3/snapshots', 'EVS.0001', 'evs_v3_create');
judged('POST', '/v2/snapshots', 'EVS.0001', 'evs_v2_create');
judged('POST', '/v1.0/snapshots', 'DWS.5065', 'dws_v1_create');
judged('GET', '/v3/snapshots', 'EVS.0001', 'evs_v3_list');
judged('GET', '/v3/snapshots/detail', 'EVS.0001', 'evs_v3_detail');
judged('GET', '/v3/snapshots/snapshots', 'accepted', 'evs_v3_list');
judged('GET', '/v3/' . 'a' x 64 . '/snapshots', 'accepted');
judged('GET', '/v3/' . 'a' x 65 . '/snapshots', 'EVS.0001');
judged('GET', '/v3/-_Az09/snapshots', 'accepted');

for my $project ('p.q', 'p:q', 'p@q', 'p*', '%C3%BC', 'p!', '~p') {
    judged('GET', "/v3/$project/snapshots",
           $project =~ /%/ ? 'EVS.5400' : 'EVS.0001', 'evs_v3_list');
}

# what is none of the operations is free

for my $path ("/v3/$p/snapshots/no%20such%20name", "/v3/$p/snapshots/a//b",
              "/v3/$p/snapshots/x.json", "/v3/$p/snapshots/%231",
              "/v3/$p/snapshots/a%3Fb", "/v3/$p/snapshots/a%2fb",
              "/v3/$p/snapshots/voil\xc3\xa0", "/v3/$p/snapshots/voil%C3%A0",
              "/v3/$p/snapshots/" . SNAPSHOT, "/v3/$p/snapshots/x;y",
              "/v1.0/$p/snapshots/", "/v4/$p/snapshots/", '/snapshots/',
              "/volumes//$p/snapshots") {
    judged('GET', $path, 'accepted', 'unknown');
}

for my $path ("/v3/$p/snapshots/" . SNAPSHOT, "/v3/$p/snapshots/",
              "/v3/$p//snapshots/x") {
    judged('DELETE', $path, 'accepted', 'unknown');
}

judged('POST', "/v3/$p/snapshots/" . SNAPSHOT . '/action', 'accepted',
       'unknown');
judged('POST', "/v3/$p/snapshots/" . SNAPSHOT . '/metadata', 'accepted',
       'unknown');
judged('POST', "/v3/$p/snapshots-of", 'accepted', '');
judged('POST', "/v3/$p/snapshot", 'accepted', '');
judged('GET', '/a%20b.png', 'accepted', '');

# the method is overridden

for my $query ('_method=POST', 'a=1&_method=', '_method', 'a;_method=PUT',
               '%5fmethod=POST', '_meth%6Fd=x', '&&_method=GET', '#&_method=x')
{
    judged('GET', "/v3/$p/snapshots?$query", 'EVS.5400', 'evs_v3_list');
    judged('POST', "/v3/$p/snapshots?$query", 'EVS.5400', 'evs_v3_create');
    judged('DELETE', "/v3/$p/snapshots/x?$query", 'EVS.5400', 'unknown');
    judged('GET', "/v3/$p/volumes?$query", 'accepted', '');
}

judged('POST', "/v3/$p/snapshots?x_method=1&method=PUT&_methods=1",
       'accepted', 'evs_v3_create');

# behind a prefix

judged('POST', "/volume/v3/$p/snapshots", 'accepted', 'evs_v3_create');
judged('POST', "/volume/v3/$p/snapshots/", 'EVS.5400', 'evs_v3_create');
judged('POST', "/volume//v3/$p/snapshots", 'EVS.5400', 'evs_v3_create');
judged('POST', "/volum%65/v3/$p/snapshots", 'EVS.5400', 'evs_v3_create');
judged('POST', "/volume/v3/snapshots", 'EVS.0001', 'evs_v3_create');
judged('POST', "/volumes/v3/$p/snapshots", 'accepted', 'unknown');
judged('POST', "/volume/volume/v3/$p/snapshots", 'accepted', 'unknown');

# an absolute target

my ($r) = $g->exchange("POST http://localhost/v3/$p/snapshots.json HTTP/1.1\r\n"
    . "Host: localhost\r\nContent-Type: application/json\r\nConnection: close"
    . "\r\nContent-Length: " . length($good) . "\r\n\r\n$good");
is($r->{status}, 400, 'an absolute target is read as well');

$g->finish;

done_testing;
