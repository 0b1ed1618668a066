# conf/tenants.conf on two gateways behind conf/haproxy.cfg: what a tenant gets of
# its budget, by what its paths and tokens are.  docs/scale.md has the figures.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;
use Haproxy;
use Servers;

my $good = create_body();
my $type = ['Content-Type', 'application/json'];

# "good-PROJECT-NUMBER" is a token of the project

sub token {
    my ($head) = @_;

    return $head =~ /^X-Auth-Token: good-(\w+)-\d+\r$/mi
           ? answer(200, '', "X-Project-Id: $1") : answer(401, '');
}

sub api {
    return answer(200, '{"own": "body"}', 'Content-Type: application/json');
}

my %port = map { $_ => Gateway::free_port() } qw(api token);

server('api', $port{api}, \&api);
server('token', $port{token}, \&token);

# docs/scale.md says what a gateway behind HAProxy has instead: the address of
# the client comes by the PROXY protocol, TLS is HAProxy's, and it is asked
# whether it serves; no budget comes back in a test

sub conf {
    my $text = Gateway::shipped('tenants.conf', 8081 => $port{api},
        8083 => $port{token}, 8084 => Gateway::free_port());
    my $health = Gateway::shipped('health.conf');

    for ($text) {
        s/^ +ssl_\w+ .*\n//mg;
        s/listen 127\.0\.0\.1:8443 ssl http2;/
            listen 127.0.0.1:%%PORT%% proxy_protocol;
            set_real_ip_from 127.0.0.1;
            real_ip_header proxy_protocol;
            $health/ or die 'listen';
        s/(snapshot_rule project-id warn;)/$1 snapshot_rule project-match reject;/
            or die 'rules';
        s/(zone=(?:writes|reads|strangers):10m rate)=\d+r\/s/$1=1r\/m/g == 3
            or die 'rates';
        s/proxy_set_header X-Forwarded-For/proxy_set_header X-Gateway %%PORT%%;
            $&/ or die 'header';
        s/^/user root;\n/ if $> == 0;
    }

    return $text;
}

my @gateways = map { Gateway->new(all => conf(), upstream => 1) } 1 .. 2;

for my $g (@gateways) {
    chmod 0755, $g->{dir};
    mkdir "$g->{dir}/drain";
}

my $h = Haproxy->new([map { $_->{port} } @gateways], sub {
    my ($text) = @_;

    $text =~ s/\(txn\.key\) \Ksrc /req.fhdr(X-Auth-Token,1) /g == 2
        or die 'haproxy.cfg';
    return $text;
});

ok($h->until_state($_, qr/^UP$/), "$_ is found to serve") for qw(g1 g2);

# So many creates, in turn with these tokens, each from an address of its own.
# How many the API got, from how many gateways, and the statuses.

my $client = 1;

sub creates {
    my ($n, $path, @tokens) = @_;

    my (%status, %at);

    got('api');

    for my $i (1 .. $n) {
        my $r = $gateways[0]->request('POST', $path,
            [$type, ['X-Auth-Token', $tokens[$i % @tokens]]], $good,
            port => $h->{port}, from => '127.0.1.' . $client++ % 250);
        $status{ $r->{status} }++;
    }

    my @arrived = got('api');

    $at{$_}++ for map { $_->{head} =~ /^X-Gateway: (\d+)/m } @arrived;

    return (scalar @arrived, scalar keys %at,
            join ' ', map { "$status{$_}x$_" } sort keys %status);
}

sub are {
    my ($got, $expected, $title) = @_;

    is(join(', ', @$got), $expected, $title);
}

my @of_b = map { "good-b-$_" } 1 .. 8;
my @of_c = map { "good-c-$_" } 1 .. 8;

are([creates(40, '/v3/a/snapshots', 'good-a-1')], '6, 1, 6x200 34x429',
    'with a project id in its path a tenant has one budget');
are([creates(40, '/v3/b/snapshots', @of_b)], '6, 1, 6x200 34x429',
    'however many tokens it has');
are([creates(40, '/v2/b/snapshots', 'good-b-9')], '0, 0, 40x429',
    'and in whatever version');
are([creates(40, '/v3/b/snapshots', 'good-e-1')], '0, 0, 6x403 34x429',
    'the path of another tenant lets nothing through');
are([creates(40, '/v3/b/snapshots', map { "good-h-$_" } 1 .. 8)],
    '0, 0, 6x403 34x429', 'however many tokens are tried on it');
are([creates(40, '/v3/snapshots', 'good-d-1')], '6, 1, 6x200 34x429',
    'without a project id, a token has one budget');
are([creates(40, '/v3/snapshots', @of_c)], '12, 2, 12x200 28x429',
    'and a tenant with tokens enough has one at each gateway');
are([creates(6, '/v3/f/snapshots', 'good-f-1')], '6, 1, 6x200',
    'and nobody else has lost any of it');

# two tokens, of which nginx and HAProxy know the same one

my $two = $gateways[0]->request('GET', '/v3/snapshots',
    [['X-Auth-Token', 'good-g-1'], ['X-Auth-Token', 'good-g-2']], undef,
    port => $h->{port});
like($two->{status}, qr/^(?:200|401)$/, 'two tokens are one, or none');

# what the documents say

open my $fh, '<', 'docs/scale.md' or die "docs/scale.md: $!\n";
my $text = do { local $/; <$fh> };

ok(index($text, "| $_ |") > 0, "docs/scale.md: $_")
    for 'a path with a project id | 6 | 6',
        'a path without one | 6 | 12',
        'the path of another tenant | 0 | 0';

$_->finish for @gateways;

done_testing;
