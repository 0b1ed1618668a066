# snapshot_validate tells what the gateway would do with a request, and proxies
# nothing: every case of the contract has the same verdict through it, but for
# what is no operation that has rules, which is not judged.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Cases;
use Gateway;

my $g = Gateway->new(http => 'client_max_body_size 0;', server => <<'EOG');
        snapshot_gateway monitor;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /validate {
            snapshot_prefix /validate;
            snapshot_validate;
        }

        location /off {
            snapshot_gateway off;
            snapshot_prefix /off;
            snapshot_rule name-length warn max=3;
            snapshot_rule body-size reject max=200;
            snapshot_validate;
        }
EOG

my $json = JSON::PP->new->utf8;
my $path = '/validate/v3/' . PROJECT . '/snapshots';

sub verdict {
    my ($r) = @_;

    my $o = eval { $json->decode($r->{body}) } // {};

    return $r->{error} ? ('rejected', $r->{error}{violations})
           : ($o->{verdict} // '-', $o->{violations}, $o->{operation});
}

# every case whose path can stand behind a prefix

my %judged = map { $_ => 1 } qw(evs_v2_create evs_v3_create evs_v2_update
    evs_v3_update evs_v2_detail evs_v3_detail evs_v2_list evs_v3_list
    dws_v1_create);
my ($n, $others) = (0, 0);

for my $case (cases()) {
    my $title = $case->{title};

    next if $case->{operation} eq '' || $case->{method} eq 'HEAD';
    $n++;

    my $r = $g->request($case->{method}, "/validate$case->{target}",
                        $case->{headers}, $case->{sent});

    if (!$judged{$case->{operation}} && $case->{verdict} ne 'rejected') {
        $others++;
        like("$r->{status} $r->{fault}", qr/^(?:404 itemNotFound|405 badMethod)$/,
             "$title: the status");
        like($r->{error}{message}, qr/^not judged: /, "$title: is not judged");
        next;
    }

    my ($verdict, $violations, $operation) = verdict($r);

    my %rules = map { $_->{rule} => 1 } @{ $violations // [] };

    is($verdict, $case->{verdict}, "$title: the verdict");
    is(join(' ', sort keys %rules), join(' ', sort @{ $case->{rules} }),
       "$title: the rules");
    is($r->{status}, $case->{status} // 200, "$title: the status");
    is($r->{error}{code}, $case->{code}, "$title: the code");
    is($r->{fault}, $case->{fault}, "$title: the fault");
    is($operation, $case->{operation}, "$title: the operation")
        if $verdict ne 'rejected';
}

cmp_ok($n, '>', 230, "$n cases were tried");
cmp_ok($others, '>', 3, "$others of them are no operation that has rules");

# what a verdict looks like

my $r = $g->post(create_body(name => 'autobk_snapshot_1'), target => $path);
is_deeply($json->decode($r->{body}), { verdict => 'warned',
    operation => 'evs_v3_create', violations => [{ rule => 'name-reserved',
    severity => 'warn', at => '/snapshot/name', message => 'snapshot.name: '
    . 'must not begin with "autobk_snapshot_", begins with it', code => 'EVS.5400' }] }, 'a warning, with its details');
is($r->{headers}{'content-type'}[0], 'application/json', 'in JSON');

$r = $g->post(create_body(), target => $path);
is($r->{body}, '{"verdict": "accepted", "operation": "evs_v3_create", '
   . '"violations": []}', 'nothing is wrong');

$r = $g->post(create_body(name => 1, more => 2), target => $path);
is("$r->{status} $r->{error}{code}", '400 EVS.5400', 'a refusal');
is(join(' ', map { "$_->{rule}$_->{at}" } @{ $r->{error}{violations} }),
   'field-unknown/snapshot/more field-type/snapshot/name', 'with its details');

# each method

is((verdict($g->request('PUT', "$path/" . SNAPSHOT,
    [['Content-Type', 'application/json']], '{"snapshot": {"name": ""}}')))[2],
   'evs_v3_update', 'an update');
is((verdict($g->get("$path/detail?limit=50")))[2], 'evs_v3_detail', 'a list');

$r = $g->request('HEAD', "$path?limit=5");
is("$r->{status} $r->{body}", '200 ', 'HEAD has no body');
is($g->request('HEAD', "$path?limit=0")->{status}, 400, 'nor where refused');

# too large, unreadable, out of scope

my $large = create_body() . ' ' x 120_000;

is($g->post($large, target => $path)->{status}, 413, 'too large a body');

my ($chunked) = $g->exchange(Gateway::head('POST', $path,
    [['Content-Type', 'application/json'], ['Transfer-Encoding', 'chunked'],
     ['Connection', 'close']]) . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $large,
    $large));
is($chunked->{status}, 413, 'also in chunks');
like($chunked->{body}, qr/"rule": "body-size"/, 'with its details');

is($g->post(create_body(), target => $path,
            headers => [['Content-Encoding', 'gzip']])->{status}, 415,
   'a body that cannot be read');
is($g->post("\xff", target => $path)->{error}{code}, 'EVS.5400', 'no JSON');

# what is no operation that has rules is not judged, and that is said

my $dws = '/validate/v1.0/' . PROJECT . '/snapshots';

for my $case (
    ['GET', '/validate'], ['POST', '/validate/v3/p/volumes'],
    ['POST', '/validate/v3/' . PROJECT . '/snapshot'],
    ['POST', '/validate/v3/' . PROJECT . '/Snapshot'],
    ['POST', "$path/create/it"], ['POST', "$path/" . SNAPSHOT . '/more'],
    ['GET', "$path/detail/more"], ['POST', '/validate/v4/p/snapshots'],
    ['POST', "$dws/more/and/more", '404'],
    ['PUT', $path, 405, 'GET, HEAD, POST'],
    ['DELETE', $path, 405, 'GET, HEAD, POST'],
    ['OPTIONS', $path, 405, 'GET, HEAD, POST'],
    ['POST', "$path/detail", 405, qr/^GET, HEAD\b/],
    ['PUT', $dws, 405, qr/\bPOST\b/],
    ['PATCH', "$path/" . SNAPSHOT, 405, qr/\bPUT\b/],
) {
    my ($method, $target, $code, $allow) = @$case;

    $r = $g->request($method, $target, [['Content-Type', 'application/json']],
                     $method =~ /^P/ ? create_body() : undef);

    my $title = "$method $target";

    is("$r->{status} $r->{fault} $r->{error}{code}",
       $allow ? '405 badMethod 405'
              : '404 itemNotFound ' . ($code // 'EVS.5404'), $title);
    is(join(' ', sort keys %{ $r->{error} }), 'code message',
       "$title: an error like any other");
    like($r->{error}{message}, qr/^not judged: /, "$title: is not judged");
    is(join(', ', @{ $r->{headers}{allow} // [] }), $allow // '',
       "$title: Allow") if !ref $allow;
    like($r->{headers}{allow}[0] // '', $allow, "$title: Allow") if ref $allow;
    is($r->{headers}{'x-snapshot-warning'}, undef, "$title: no warning");
}

$r = $g->request('HEAD', "$path/x/y/z");
is("$r->{status} $r->{body}", '404 ', 'HEAD is told by the status');

# no answer has more than 100 violations

for my $count (99, 100, 101, 1000) {
    for my $case (
        ['field-unknown', { map { ("u$_" => 1) } 1 .. $count }],
        ['metadata-entry', { metadata => { map { ("m$_" => 1) } 1 .. $count } }],
        ['metadata-entry', { metadata => { map { ("m$_" => 1) } 1 .. $count },
                             name => 'n' x 256 }, 1],
    ) {
        my ($rule, $members, $more) = @$case;

        $r = $g->post(create_body(%$members), target => $path);

        my $o = $r->{error} // $json->decode($r->{body});
        my $all = $count + ($more // 0);

        is(scalar @{ $o->{violations} }, $all > 100 ? 100 : $all,
           "$all violations, $rule: at most 100 are listed");
        is($o->{more}, $all > 100 ? $all - 100 : undef,
           "$all violations, $rule: then their number");
        is($o->{violations}[-1]{rule}, $rule, "$rule is the last of them");
    }
}

# the rules are those of the location, the mode is its own

is((verdict($g->post(create_body(name => 'long'), target => $path
    =~ s/validate/off/r)))[0], 'warned', 'the rules are those of the location');
is((verdict($g->post('{', target => $path =~ s/validate/off/r)))[0],
   'rejected', 'though the gateway is off there');
is($g->post(create_body() . ' ' x 200, target => $path =~ s/validate/off/r)
   ->{status}, 413, 'limits as well');

is($g->last_logged->{verdict}, 'rejected', 'the log has the verdict');
is(scalar(my @none = $g->received), 0, 'nothing was proxied');

# wrong configuration

for my $case (
    ['location /x { snapshot_validate x; }',
     qr/invalid number of arguments in "snapshot_validate"/],
    ['snapshot_validate;', qr/"snapshot_validate" directive is not allowed/],
    ['location /x { snapshot_validate; snapshot_validate; }',
     qr/"snapshot_validate" directive is duplicate/],
    ['location /x { snapshot_validate; snapshot_openapi; }',
     qr/"snapshot_openapi" directive is not the only one in its location/],
) {
    my ($ok, $said) = $g->test_conf(server => $case->[0]);

    ok(!$ok, "$case->[0] is refused");
    like($said, $case->[1], 'with a word on it');
}

$g->finish;

done_testing;
