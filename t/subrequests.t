# What the module answers can be a part of a page, or be asked for beside a
# request: a content handler in a subrequest never ends the response of the
# request around it.

use strict;
use warnings;

use Test::More;

use Gateway;

my $fault = qr/^\{"\w+": \{.*\}\}\z/;

# target, title, what is included, what auth_request makes of its status

my @included = (
    ['/openapi', 'snapshot_openapi', qr/^\{.*"openapi": ?"3.*\}\s*\z/s, 200],
    ['/metrics', 'snapshot_status', qr/^# HELP snapshot_gateway_/, 200],
    ['/status.json', 'snapshot_status json', qr/^\{"build": .*\}\s*\z/s, 200],
    ['/error', 'snapshot_error', $fault, 500],
    ['/validate/v3/p/snapshots', 'snapshot_validate', $fault, 500],
    ['/dead', 'an include that fails into snapshot_error', $fault, 500],
    ['/nothing', 'an include that is not there', $fault, 500],
    ['/limited', 'an include over its limit', $fault, 500],
    ['/denied', 'an include that is forbidden', $fault, 403],
);

my $up = 'proxy_pass http://127.0.0.1:%%UPSTREAM%%;';
my $server = '';

for my $i (0 .. $#included) {
    my $include = "<!--#include virtual=\"$included[$i][0]\"";

    $server .= <<"EOF";
        location = /$i/once { return 200 'A$include -->B'; }
        location = /$i/twice { return 200 'A$include -->B$include -->C'; }
        location = /$i/set {
            return 200 'A$include set="x" --><!--#echo var="x" encoding="none" -->B';
        }
        location = /$i/around {
            addition_types *;
            add_before_body $included[$i][0];
            add_after_body $included[$i][0];
            return 200 B;
        }
        location = /$i/mirrored { mirror $included[$i][0]; $up }
        location = /$i/asked { auth_request $included[$i][0]; $up }
EOF
}

my $g = Gateway->new(http => <<'EOF', server => <<"EOG");
    snapshot_zone counters 64k;
    limit_req_zone $server_name zone=none:64k rate=1r/m;
    limit_req_status 429;
    subrequest_output_buffer_size 256k;
    ssi on;
    ssi_types *;
EOF
        error_page 403 404 429 502 /error;

        location = /error { snapshot_error; }
        location = /openapi { snapshot_openapi; }
        location = /metrics { snapshot_status; }
        location = /status.json { snapshot_status json; }
        location = /dead { proxy_pass http://127.0.0.1:1; }
        location = /limited { limit_req zone=none; empty_gif; }
        location = /denied { return 403; }

        location /validate/ {
            snapshot_prefix /validate;
            snapshot_validate;
        }

$server
EOG

# a body as a client takes it from its chunks; what stands behind the last one
# would be the beginning of the next response

sub body {
    my ($r) = @_;

    my ($rest, $body) = ($r->{body}, '');

    return $rest if !$r->{headers}{'transfer-encoding'};

    while ($rest =~ s/^([0-9a-f]+)\r\n// && hex $1) {
        $body .= substr $rest, 0, hex $1, '';
        $rest =~ s/^\r\n//;
    }

    return $rest eq "\r\n" ? $body : "$body, and left is: $rest";
}

# the one request of a minute

$g->get('/limited');

for my $i (0 .. $#included) {
    my ($target, $title, $expected, $asked) = @{ $included[$i] };

    my $r = $g->get("/$i/once");
    my $body = body($r);

    ok($body =~ s/^A(.*)B\z/$1/s, "$title: a page goes on behind an include")
        or diag $body;
    like($body, $expected, "$title: and has all of it");
    is($r->{status}, 200, "$title: with the status of the page");

    like(body($g->get("/$i/twice")), qr/^A.+B.+C\z/s, "$title: two of them");
    like(body($g->get("/$i/set")), $asked == 200 ? qr/^A.+B\z/s : qr/^AB\z/,
         "$title: into a variable, which has no errors");
    like(body($g->get("/$i/around")), qr/^[^B].+B.+\z/s,
         "$title: before and behind a page");

    $g->received;
    is(body($g->get("/$i/mirrored")), '{"upstream": "reached"}',
       "$title: as a mirror it leaves the response alone");

    # 2xx is a yes, 401 and 403 a no, all else a fault

    $r = $g->get("/$i/asked");
    is($r->{status}, $asked, "$title: auth_request gets the status");
    like(body($r), $asked == 200 ? qr/^\{"upstream": "reached"\}\z/
                     : $asked == 403 ? $fault : qr/500 Internal Server Error/,
         "$title: and its request a whole response");
}

$g->finish;

done_testing;
