# Enforce refuses, monitor refuses nothing and says all that it would have
# refused, off touches nothing; a variable chooses among them by request.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use Cases;
use Gateway;

my $g = Gateway->new(http => <<'EOF', server => <<'EOG', servers => <<'EOH');
    map $uri $prefix { default "is "; }
    map $http_x_mode $mode {
        default $http_x_mode;
        ~^tenant "monitor";
    }
EOF
        client_max_body_size 0;

        location / {
            snapshot_gateway $mode;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /off {
            snapshot_gateway off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_other%%;
        server_name other.test;
        snapshot_gateway ${prefix}$mode;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOH

my $json = JSON::PP->new->utf8;
my $path = '/v3/' . PROJECT . '/snapshots';
my $bad = create_body(name => 'autobk_snapshot_' . 'x' x 256, size => 1);

my @xm = (headers => [['X-Mode', 'monitor']]);

my $r = $g->post($bad, target => $path, @xm);
is($r->{status}, 200, 'monitor mode passes a bad body on');
is($r->{headers}{'x-snapshot-violation'}[0], 'field-unknown;at="/snapshot/size"'
   . ', name-length;at="/snapshot/name"', 'and says what it would have refused');
is($r->{headers}{'x-snapshot-warning'}[0], 'name-reserved;at="/snapshot/name"',
   'and what it would have warned about');
is(($g->received)[0]{body}, $bad, 'the upstream gets it as it is');

my ($log) = $g->logged(1);
is("$log->{verdict} $log->{rule} $log->{code}",
   'monitored field-unknown EVS.5400', 'the log has it');
like($g->read('error.log'),
     qr/\[notice\].* would be rejected: operation evs_v3_create, project [0-9a-f]{32}, rule field-unknown, /,
     'the error log has operation and rule');

$r = $g->post(create_body(name => 'x'), target => $path, @xm);
is($r->{headers}{'x-snapshot-violation'}, undef, 'a good one has nothing');
is(($g->logged(1))[0]{verdict}, 'accepted', 'and is accepted in monitor mode');
$g->received;


# every case of the contract, in all modes

for my $case (cases()) {
    my ($title, $sent) = @$case{qw(title sent)};
    my %seen;

    for my $mode ('enforce', 'monitor', 'off') {
        my $r = $g->request($case->{method}, $case->{target},
            [@{ $case->{headers} }, ['X-Mode', $mode]], $sent);
        my ($log) = $g->logged(1);
        my @got = $g->received;

        $seen{$mode} = "$log->{violations} $log->{code}";

        if ($mode eq 'monitor') {
            is("$r->{status} $got[0]{target}", "200 $case->{target}",
               "$title: monitor mode passes it on");
            is($got[0]{body}, $sent // '', "$title: as it is");
            is($log->{verdict}, $case->{verdict} eq 'rejected' ? 'monitored'
               : $case->{verdict}, "$title: its verdict in monitor mode");
            is($log->{operation}, $case->{operation},
               "$title: its operation");

        } elsif ($mode eq 'off') {
            is("$r->{status} $log->{verdict}", '200 -', "$title: off");
            is($got[0]{body}, $sent // '', "$title: as it is");
            is($r->{headers}{'x-snapshot-warning'}, undef, "$title: no header");
            is($log->{operation}, $case->{operation},
               "$title: the operation is known all the same");
        }
    }

    is($seen{monitor}, $seen{enforce}, "$title: monitor judges as enforce");
}


# the variable

for my $mode ('enforce', 'something', '', 'Monitor', 'off,enforce') {
    $r = $g->post($bad, target => $path, headers => [['X-Mode', $mode]]);
    is($r->{status}, 400, "a variable of '$mode' enforces");
}

is($g->post($bad, target => $path)->{status}, 400, 'so does one without value');

# what is none of the three is logged, once a second for each directive

sub said {
    return $g->read('error.log')
           =~ /^.*\[error\].*"snapshot_gateway".*$/mg;
}

my @said = said();
cmp_ok(scalar @said, '>=', 1, 'a value that is none of the three is logged');
like($said[0], qr/ \[error\] \S+ (?:\*\d+ )?the value of "\$mode" in "snapshot_gateway" is "something", it must be "off", "enforce" or "monitor", "enforce" is used, client: 127\.0\.0\.1, server: localhost$/,
     'with variable, value, client and server');

my $begun = time;
my $sent = 0;

while (time - $begun < 2.5) {
    $g->post($bad, target => $path, headers => [['X-Mode', 'flood']]);
    $sent++;
}

my $seconds = time - $begun;
my $lines = grep { /"flood"/ } said();

cmp_ok($lines, '<=', $seconds + 1, "$sent such requests in $seconds seconds"
                                   . " are logged once a second");
cmp_ok($lines, '>=', 1, 'and not less');

# a client's bytes may be in the value

for my $value ("a\"b\\c%\xff\x01", "\xe5\xbf\xab", 'v' x 64, 'v' x 65,
               '%' x 100, '"' x 200) {
    my $shown = substr $value, 0, 64;
    $shown =~ s/(["\\])/\\$1/g;
    $shown =~ s/([^ -~])/sprintf '%%%02X', ord $1/ge;
    $shown .= '...' if length $value > 64;

    sleep 1.1;
    is($g->post($bad, target => $path, headers => [['X-Mode', $value]])
       ->{status}, 400, 'a value of ' . length($value) . ' bytes enforces');
    like((said())[-1], qr/is "\Q$shown\E", it must/, 'and is logged, escaped');
}

is($g->post($bad, target => $path, headers => [['X-Mode', 'second']],
            port => $g->{ports}{other})->{status}, 400,
   'another directive of the same variables');
like((said())[-1], qr/the value of "\$\{prefix\}\$mode" in "snapshot_gateway" is "is second", .*, server: other\.test$/,
     'is logged in the same second, by its own server');

is($g->post($bad, target => $path, headers => [['X-Mode', 'tenant-5']])
   ->{status}, 200, 'a map rolls enforcement out by tenant');
is($g->post($bad, target => $path, headers => [['X-Mode', 'off']])
   ->{status}, 200, 'or leaves it off');

$r = $g->post($bad, target => "/off$path",
    headers => [['X-Reply-Header', 'X-Snapshot-Warning: theirs']]);
is($r->{headers}{'x-snapshot-warning'}[0], 'theirs',
   'off, the headers are those of the upstream');
is($g->last_logged->{verdict}, '-', 'off, there is no verdict');


# other requests

for my $target ('/', '/v3/p/volumes?limit=5000', "/v3/p/volumes?_method=POST",
                '/v3/p/volumes/detail.json', '/a%20b//c;d', '/snapshot',
                '/x/../y', '/snapshots-of/p') {
    $g->received;
    $r = $g->get($target, headers => [['X-Mode', 'enforce'],
        ['X-HTTP-Method-Override', 'PUT'],
        ['X-Reply-Header', 'X-Snapshot-Warning: theirs']]);

    is(($g->received)[0]{target}, $target, "$target is passed on untouched");
    is($r->{headers}{'x-snapshot-warning'}[0], 'theirs', 'so is its answer');
}

$g->finish;

done_testing;
