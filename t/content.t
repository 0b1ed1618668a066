# What a location of the module's answers, it answers in all of its parts: in
# "if" and "limit_except" as well.  Whatever else would answer there, unjudged,
# is refused with the configuration.

use strict;
use warnings;

use Test::More;

use Gateway;

my $if = 'if ($http_x_if) { set $x 1; }';
my $except = 'limit_except GET { allow 127.0.0.1; deny all; }';

my $g = Gateway->new(http => 'snapshot_zone counters 64k;', server => <<"EOG");
        error_page 404 /error;

        location = /error { snapshot_gateway enforce; snapshot_error; $if }

        location /if/ {
            snapshot_prefix /if;
            snapshot_validate;
            $if
        }

        location /except/ {
            snapshot_prefix /except;
            snapshot_validate;
            $except
        }

        location /both/ {
            snapshot_prefix /both;
            snapshot_validate;
            $if
            $except
        }

        location /other/ {
            snapshot_prefix /other;
            snapshot_validate;
            if (\$http_x_if) { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        }

        location /proxied/ {
            snapshot_gateway enforce;
            snapshot_prefix /proxied;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            $if
            $except
        }

        location = /status { snapshot_status json; $if $except }
        location = /openapi { snapshot_openapi; $if $except }
EOG

my $path = '/v3/' . PROJECT . '/snapshots';
my @if = (headers => [['X-If', 1]]);

for my $where ('if', 'except', 'both') {
    for my $opt ([], \@if) {
        my $title = "snapshot_validate, /$where/, " . (@$opt ? 'if' : 'else');

        my $r = $g->post('{}', target => "/$where$path", @$opt);
        is("$r->{status} " . ($r->{error}{code} // ''), '400 EVS.5400',
           "$title: a bad request is refused");

        $r = $g->post(create_body(), target => "/$where$path", @$opt);
        like($r->{body}, qr/^\{"verdict": "accepted"/, 'a good one accepted');
    }
}

my $r = $g->post(create_body(), target => "/other$path", @if);
is($r->{body}, '{"upstream": "reached"}',
   'another content in "if" is that of the "if"');
is(scalar(my @one = $g->received), 1, 'and reaches the upstream');

for my $opt ([], \@if) {
    is($g->post('{}', target => "/proxied$path", @$opt)->{status}, 400,
       'the gateway is on in both parts of its location');

    $r = $g->get('/status', @$opt);
    is($r->{headers}{'content-type'}[0], 'application/json',
       'snapshot_status has the same format in "if"');
    like($r->{body}, qr/^\{"build"/, 'and says the same');

    is($g->post('', target => '/status', @$opt)->{error}{code}, '405',
       'snapshot_status answers in "limit_except"');
    is($g->post('', target => '/openapi', @$opt)->{error}{code}, '405',
       'so does snapshot_openapi');

    $r = $g->get('/nothing', @$opt);
    is("$r->{status} " . ($r->{error}{code} // ''), '404 EVS.5404',
       'snapshot_error has the status in "if"');

    # the path of an operation that has errors of its own

    $r = $g->get("$path?limit=x", @$opt);
    is("$r->{status} " . ($r->{error}{code} // ''), '404 EVS.5404',
       'and judges nothing there');
}

is(scalar(my @none = $g->received), 0, 'nothing was proxied');


# what would answer in the place of the module, or the other way round

my $proxy = 'proxy_pass http://127.0.0.1:%%UPSTREAM%%';

for my $directive ('snapshot_error', 'snapshot_validate', 'snapshot_openapi',
                   'snapshot_status') {
    for my $other ($proxy, 'empty_gif', 'memcached_pass 127.0.0.1:1') {
        my ($name) = $other =~ /^(\w+)/;

        for my $text ("$directive; $other", "$other; $directive") {
            my ($ok, $said) = $g->test_conf(
                http => 'snapshot_zone counters 64k;',
                server => "location /x { snapshot_gateway enforce; $text; }");

            ok(!$ok, $text =~ /^snapshot/ ? "$directive before $name is refused"
                                          : "$directive after $name is refused");
            like($said, $text =~ /^snapshot/
                        ? qr/"$directive" directive is not the only one in location "\/x" that answers requests/
                        : qr/"$directive" directive is not the only one in its location that answers requests/,
                 'and why');
        }
    }
}

my ($ok) = $g->test_conf(server => <<"EOF");
    location /x {
        snapshot_validate;
        if (\$http_x) { $proxy; }
        location /x/y { $proxy; }
    }
EOF
ok($ok, 'parts that have another content, and locations inside, are not');

$g->finish;

done_testing;
